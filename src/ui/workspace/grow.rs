//! How a pane comes into a tree: as a tab beside another, or in one half of its room.

use egui_tiles::{Container, Linear, LinearDir, Tile, TileId, Tree};

use super::{Place, keys_of};
use crate::ui::pane::PaneKey;

/// Puts a pane beside another; where that is not there, beside one that is in sight.
pub(super) fn insert(tree: &mut Tree<PaneKey>, key: PaneKey, beside: Option<PaneKey>, place: Place) {
    let beside = beside.and_then(|beside| tree.tiles.find_pane(&beside)).or_else(|| any_tile(tree));
    let new = tree.tiles.insert_pane(key);
    match (beside, tree.root()) {
        (Some(beside), Some(_)) => match place {
            Place::Tab => insert_tab(tree, new, beside),
            Place::Right => split(tree, new, beside, LinearDir::Horizontal),
            Place::Below => split(tree, new, beside, LinearDir::Vertical),
        },
        _ => tree.root = Some(new),
    }
}

/// A tile with a pane that is in sight.
fn any_tile(tree: &Tree<PaneKey>) -> Option<TileId> {
    let is_pane = |id: &TileId| matches!(tree.tiles.get(*id), Some(Tile::Pane(_)));
    let in_sight = tree.active_tiles().into_iter().find(is_pane);
    // Before its first frame an arrangement has nothing in sight.
    in_sight.or_else(|| keys_of(tree).first().and_then(|key| tree.tiles.find_pane(key)))
}

fn insert_tab(tree: &mut Tree<PaneKey>, new: TileId, beside: TileId) {
    let parent = tree.tiles.parent_of(beside);
    if let Some(Tile::Container(Container::Tabs(tabs))) = parent.and_then(|parent| tree.tiles.get_mut(parent))
    {
        let at = tabs.children.iter().position(|child| *child == beside);
        tabs.children.insert(at.map_or(tabs.children.len(), |at| at + 1), new);
        tabs.set_active(new);
    } else {
        // No frame has given it tabs yet.
        let tabs = tree.tiles.insert_tab_tile(vec![new]);
        replace(tree, beside, tabs);
        if let Some(Tile::Container(Container::Tabs(tabs))) = tree.tiles.get_mut(tabs) {
            tabs.children.insert(0, beside);
        }
    }
}

/// Halves the room of a pane, with the tabs that it stands among.
fn split(tree: &mut Tree<PaneKey>, new: TileId, beside: TileId, dir: LinearDir) {
    let tiles = &mut tree.tiles;
    let tabs = tiles
        .parent_of(beside)
        .filter(|parent| matches!(tiles.get(*parent), Some(Tile::Container(Container::Tabs(_)))));
    let target = tabs.unwrap_or(beside);
    let parent = tiles.parent_of(target).and_then(|parent| tiles.get_mut(parent));
    if let Some(Tile::Container(Container::Linear(linear))) = parent
        && linear.dir == dir
        && let Some(at) = linear.children.iter().position(|child| *child == target)
    {
        let share = linear.shares[target] / 2.0;
        linear.children.insert(at + 1, new);
        linear.shares.set_share(target, share);
        linear.shares.set_share(new, share);
        return;
    }
    let halves = tree.tiles.insert_container(Linear::new(dir, vec![new]));
    replace(tree, target, halves);
    if let Some(Tile::Container(Container::Linear(linear))) = tree.tiles.get_mut(halves) {
        linear.children.insert(0, target);
    }
}

/// Puts a tile where another stands.
fn replace(tree: &mut Tree<PaneKey>, old: TileId, new: TileId) {
    let parent = tree.tiles.parent_of(old).and_then(|parent| tree.tiles.get_mut(parent));
    match parent {
        Some(Tile::Container(container)) => {
            let _place = container.replace_child(old, new);
        }
        _ => tree.root = Some(new),
    }
}
