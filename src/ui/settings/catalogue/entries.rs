//! The settings, section by section, and the words for their values.

use super::{Entry, Section, Takes};
use crate::domain::settings::{
    Convention, Density, HanShapes, LoginBy, Palette, TEXT_STEPS, ThemeChoice, ZoneDisplay,
};
use crate::domain::{AccountKind, Currency, Qty};
use crate::ui::format;
use crate::ui::settings::control::{Choice, Control, Switch, Text, Window};
use crate::ui::ticket::number;

/// Where the times on the screen are of.
const ZONES: [(ZoneDisplay, &str); 3] = [
    (ZoneDisplay::Exchange, "of the exchange"),
    (ZoneDisplay::Local, "of this computer"),
    (ZoneDisplay::Utc, "in UTC"),
];
const THEMES: [(ThemeChoice, &str); 3] = [
    (ThemeChoice::Dark, "dark"),
    (ThemeChoice::Light, "light"),
    (ThemeChoice::System, "as the desktop has it"),
];
const PALETTES: [(Palette, &str); 2] =
    [(Palette::Usual, "green and red"), (Palette::ColourBlind, "blue and orange, for colour-blind eyes")];
const CONVENTIONS: [(Convention, &str); 2] = [
    (Convention::Western, "green rises, red falls (western)"),
    (Convention::EastAsian, "red rises, green falls (East Asian)"),
];
const DENSITIES: [(Density, &str); 2] =
    [(Density::Comfortable, "comfortable"), (Density::Compact, "compact")];
const HAN: [(HanShapes, &str); 5] = [
    (HanShapes::System, "as the desktop has them"),
    (HanShapes::Japanese, "Japanese"),
    (HanShapes::Korean, "Korean"),
    (HanShapes::SimplifiedChinese, "Chinese, simplified"),
    (HanShapes::TraditionalChinese, "Chinese, traditional"),
];
const CURRENCIES: [(Currency, &str); 4] = [
    (Currency::USD, "in USD"),
    (Currency::EUR, "in EUR"),
    (Currency::JPY, "in JPY"),
    (Currency::KRW, "in KRW"),
];
const MODES: [(Option<AccountKind>, &str); 3] = [
    (None, "not said yet"),
    (Some(AccountKind::Paper), "paper accounts"),
    (Some(AccountKind::Live), "live accounts"),
];
const LOGINS: [(LoginBy, &str); 2] =
    [(LoginBy::Keyring, "from the keyring"), (LoginBy::Hand, "by hand, or from your own IBC file")];

macro_rules! choice {
    ($table:ident, $($field:ident).+) => {
        Control::Choice(Choice {
            count: $table.len(),
            label: |at| $table.get(at).map_or_else(String::new, |(_, label)| (*label).to_owned()),
            at: |settings| $table.iter().position(|(value, _)| *value == settings.$($field).+),
            choose: |settings, at| {
                if let Some((value, _)) = $table.get(at) {
                    settings.$($field).+ = *value;
                }
            },
            other: |settings| format!("{:?}", settings.$($field).+),
        })
    };
}

macro_rules! switch {
    ($on:literal, $off:literal, $($field:ident).+) => {
        Control::Switch(Switch {
            labels: [$on, $off],
            is_on: |settings| settings.$($field).+,
            set: |settings, is_on| settings.$($field).+ = is_on,
        })
    };
}

macro_rules! words {
    ($($field:ident).+) => {
        Control::Text(Text {
            has_lines: false,
            read: |settings| settings.$($field).+.clone(),
            write: |settings, text| {
                text.trim().clone_into(&mut settings.$($field).+);
                Ok(())
            },
        })
    };
}

/// Whatever is read from a text and written as one.
macro_rules! typed {
    ($what:literal, $($field:ident).+) => {
        Control::Text(Text {
            has_lines: false,
            read: |settings| settings.$($field).+.to_string(),
            write: |settings, text| {
                settings.$($field).+ = text.trim().parse().map_err(|_| $what)?;
                Ok(())
            },
        })
    };
}

/// The same where there may be none.
macro_rules! typed_or_none {
    ($what:literal, $($field:ident).+) => {
        Control::Text(Text {
            has_lines: false,
            read: |settings| settings.$($field).+.map_or_else(String::new, |value| value.to_string()),
            write: |settings, text| {
                let text = text.trim();
                settings.$($field).+ =
                    if text.is_empty() { None } else { Some(text.parse().map_err(|_| $what)?) };
                Ok(())
            },
        })
    };
}

macro_rules! quantity {
    ($class:ident) => {
        Control::Text(Text {
            has_lines: false,
            read: |settings| format::exact(settings.default_quantity.$class.0),
            write: |settings, text| match number::parse(text) {
                Ok(Some(number)) => {
                    settings.default_quantity.$class = Qty(number);
                    Ok(())
                }
                _ => Err("a number above zero"),
            },
        })
    };
}

const TEXT_SIZE: Control = Control::Choice(Choice {
    count: TEXT_STEPS.len(),
    label: |at| TEXT_STEPS.get(at).map_or_else(String::new, |percent| format!("{percent} %")),
    at: |settings| TEXT_STEPS.iter().position(|percent| *percent == settings.looks.text_percent),
    choose: |settings, at| {
        if let Some(percent) = TEXT_STEPS.get(at) {
            settings.looks.text_percent = *percent;
        }
    },
    other: |settings| format!("{} %", settings.looks.text_percent),
});

const ARGUMENTS: Control = Control::Text(Text {
    has_lines: true,
    read: |settings| settings.ibkr.launch.arguments.join("\n"),
    write: |settings, text| {
        settings.ibkr.launch.arguments = lines(text).map(str::to_owned).collect();
        Ok(())
    },
});

const ENVIRONMENT: Control = Control::Text(Text {
    has_lines: true,
    read: |settings| {
        let all = settings.ibkr.launch.environment.iter().map(|(name, value)| format!("{name}={value}"));
        all.collect::<Vec<_>>().join("\n")
    },
    write: |settings, text| {
        let pair =
            |line: &str| line.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.to_owned()));
        let all = lines(text).map(pair).collect::<Option<_>>();
        settings.ibkr.launch.environment = all.ok_or("a NAME=value in each line")?;
        Ok(())
    },
});

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// Offered by the search, in force at once.
const fn offered(
    section: Section,
    path: &'static str,
    (name, words): (&'static str, &'static str),
    line: &'static str,
    control: Control,
) -> Entry {
    Entry { path, section, name, line, words, takes: Takes::AtOnce, is_offered: true, control }
}

/// Only the window has it.
const fn kept(
    (section, takes): (Section, Takes),
    path: &'static str,
    (name, words): (&'static str, &'static str),
    line: &'static str,
    control: Control,
) -> Entry {
    Entry { path, section, name, line, words, takes, is_offered: false, control }
}

const LOOKS: (Section, Takes) = (Section::Looks, Takes::AtOnce);
const ORDERS: (Section, Takes) = (Section::Orders, Takes::AtOnce);
const PROGRAMS: (Section, Takes) = (Section::Programs, Takes::AtOnce);
const BROKER: (Section, Takes) = (Section::Broker, Takes::NextStart);
const LAUNCH: (Section, Takes) = (Section::Launch, Takes::NextStart);
const SIZE_LINE: &str = "What the ticket begins with.";
const SIZE_WORDS: &str = "default size order lot";

/// All of them, section by section.
pub(in crate::ui) const CATALOGUE: &[Entry] = &[
    offered(
        Section::Looks,
        "theme",
        ("Theme", "night day colours dark light system"),
        "Light on dark, or dark on light.",
        choice!(THEMES, theme),
    ),
    offered(
        Section::Looks,
        "looks.palette",
        ("Palette", "colours color blind deuteranopia protanopia tritanopia"),
        "The two colours of rises and falls, of buying and selling.",
        choice!(PALETTES, looks.palette),
    ),
    offered(
        Section::Looks,
        "looks.convention",
        ("Colour of rises", "color convention japan korea china taiwan up down red green"),
        "Buying has the colour of a rise, as terminals in Japan and Korea have it. Blue stands for green, and orange for red, with the palette for colour-blind eyes.",
        choice!(CONVENTIONS, looks.convention),
    ),
    offered(
        Section::Looks,
        "looks.density",
        ("Density", "rows tight spacing padding compact comfortable"),
        "How close rows and controls stand.",
        choice!(DENSITIES, looks.density),
    ),
    offered(
        Section::Looks,
        "looks.text_percent",
        ("Text size", "zoom scale font larger smaller"),
        "How large everything is, against what the desktop has.",
        TEXT_SIZE,
    ),
    offered(
        Section::Looks,
        "looks.han",
        ("Han characters", "japanese korean chinese kanji hanja hanzi language font cjk"),
        "Whose shapes they have: three languages share them and draw them differently.",
        choice!(HAN, looks.han),
    ),
    kept(
        LOOKS,
        "keys",
        ("Keyboard shortcuts", "hotkeys keys bindings"),
        "Which keys do what.",
        Control::Window(Window::Keys),
    ),
    offered(
        Section::Times,
        "time_zone_display",
        ("Times", "time zone clock hours"),
        "Whose clock the times on the screen are of.",
        choice!(ZONES, time_zone_display),
    ),
    offered(
        Section::Times,
        "base_currency",
        ("Totals", "base currency account equity money"),
        "The currency that sums over several currencies are shown in.",
        choice!(CURRENCIES, base_currency),
    ),
    kept(
        ORDERS,
        "account_kind",
        ("Accounts", "paper live profile real money"),
        "The kind that this profile is for. To change it close Pitdesk, change account_kind in settings.toml, and start again.",
        Control::Fixed(|settings| settings.account_kind.label().to_owned()),
    ),
    kept(
        ORDERS,
        "",
        ("Arm a live account", "real money arming disarm"),
        "A live account opens no position before it was armed, in each run anew.",
        Control::Window(Window::Arming),
    ),
    kept(
        ORDERS,
        "limits",
        ("Limits", "risk loss exposure fat finger"),
        "What no order may break: for the profile, an account, an instrument.",
        Control::Window(Window::Limits),
    ),
    offered(
        Section::Orders,
        "confirm_orders",
        ("Orders", "confirm confirmation ask ticket"),
        "Whether the ticket asks once more before an order leaves.",
        switch!("the ticket asks before it sends", "the ticket sends at one click", confirm_orders),
    ),
    kept(
        ORDERS,
        "default_quantity.share",
        ("Usual quantity of shares", SIZE_WORDS),
        SIZE_LINE,
        quantity!(share),
    ),
    kept(
        ORDERS,
        "default_quantity.fx",
        ("Usual quantity of currencies", SIZE_WORDS),
        SIZE_LINE,
        quantity!(fx),
    ),
    kept(
        ORDERS,
        "default_quantity.crypto",
        ("Usual quantity of coins", SIZE_WORDS),
        SIZE_LINE,
        quantity!(crypto),
    ),
    kept(
        ORDERS,
        "default_quantity.future",
        ("Usual quantity of futures", SIZE_WORDS),
        SIZE_LINE,
        quantity!(future),
    ),
    kept(
        ORDERS,
        "default_quantity.option",
        ("Usual quantity of options", SIZE_WORDS),
        SIZE_LINE,
        quantity!(option),
    ),
    offered(
        Section::Alerts,
        "alerts.sound",
        ("Alerts", "sound bell mute unmute silent noise"),
        "Whether they are heard; of each alert it can be chosen besides.",
        switch!("heard", "muted", alerts.sound),
    ),
    offered(
        Section::Alerts,
        "alerts.desktop",
        ("Alerts on the desktop", "notification popup"),
        "Whether the desktop shows them too, when you look elsewhere.",
        switch!("shown", "not shown", alerts.desktop),
    ),
    Entry {
        takes: Takes::NextStart,
        ..offered(
            Section::Market,
            "practice_always_open",
            ("Practice market", "hours nights weekends sessions closed"),
            "When the practice market trades.",
            switch!("always open", "hours of the exchanges", practice_always_open),
        )
    },
    offered(
        Section::Programs,
        "gateway.is_on",
        ("TWS API", "gateway server ib interactive brokers python ib_async on off"),
        "Whether programs that are written for the TWS API may connect and trade.",
        switch!("let programs connect", "let no programs connect", gateway.is_on),
    ),
    kept(
        PROGRAMS,
        "gateway.address",
        ("Address for programs", "gateway port listen tws api"),
        "Where they connect.",
        typed!("an address and a port, such as 127.0.0.1:4002", gateway.address),
    ),
    kept(
        PROGRAMS,
        "gateway.master_client",
        ("Master client", "gateway tws api orders of all"),
        "The number of the client that sees the orders of all; empty for none.",
        typed_or_none!("a number, or nothing", gateway.master_client),
    ),
    kept(
        BROKER,
        "ibkr.is_on",
        ("Trade at Interactive Brokers", "ib ibkr tws broker real"),
        "Trade through your own TWS or IB Gateway, and not on the practice market.",
        switch!("on", "off", ibkr.is_on),
    ),
    kept(
        BROKER,
        "ibkr.address",
        ("Address of TWS", "ib ibkr gateway socket port host"),
        "Where the API socket of TWS or IB Gateway is.",
        words!(ibkr.address),
    ),
    kept(
        BROKER,
        "ibkr.client_id",
        ("Client number", "ib ibkr client id"),
        "The number that Pitdesk connects with. Orders belong to it.",
        typed!("a number", ibkr.client_id),
    ),
    kept(
        BROKER,
        "ibkr.delayed_data",
        ("Delayed data", "ib ibkr market data subscription"),
        "Whether delayed data are shown where there is no subscription to live ones.",
        switch!("shown", "not shown", ibkr.delayed_data),
    ),
    kept(
        BROKER,
        "ibkr.answer_within_s",
        ("Patience with books", "ib ibkr timeout seconds"),
        "How many seconds each part of the broker's books may take, 5 to 300.",
        typed!("a number of seconds", ibkr.answer_within_s),
    ),
    kept(
        BROKER,
        "ibkr.instruments",
        ("Listed instruments", "ib ibkr symbols list"),
        "What is listed at each start. What you find with the search and open joins them.",
        Control::Fixed(|settings| settings.ibkr.instruments.join(", ")),
    ),
    kept(
        LAUNCH,
        "ibkr.launch.is_on",
        ("Start IB Gateway", "ibkr ibc launch"),
        "Whether Pitdesk starts IB Gateway through IBC, and stops what it has started.",
        switch!("on", "off", ibkr.launch.is_on),
    ),
    kept(
        LAUNCH,
        "ibkr.launch.command",
        ("Command of IBC", "ibkr launch script path"),
        "The program to run: scripts/ibcstart.sh of IBC.",
        words!(ibkr.launch.command),
    ),
    kept(
        LAUNCH,
        "ibkr.launch.arguments",
        ("Arguments of IBC", "ibkr launch"),
        "What it is given, one in each line. {ini} and {mode} stand for its file, and for paper or live.",
        ARGUMENTS,
    ),
    kept(
        LAUNCH,
        "ibkr.launch.ini",
        ("Your IBC file", "ibkr launch ini config"),
        "Your own settings of IBC, which its file begins with; empty for none.",
        words!(ibkr.launch.ini),
    ),
    kept(
        LAUNCH,
        "ibkr.launch.mode",
        ("It logs in to", "ibkr launch mode paper live"),
        "Must be said, and be the kind of accounts of this profile.",
        choice!(MODES, ibkr.launch.mode),
    ),
    kept(
        LAUNCH,
        "ibkr.launch.ready_within_s",
        ("Time to log in", "ibkr launch timeout seconds second factor"),
        "How many seconds its API socket may take to answer, 5 to 3600.",
        typed!("a number of seconds", ibkr.launch.ready_within_s),
    ),
    kept(
        LAUNCH,
        "ibkr.launch.restarts",
        ("Starts in a row", "ibkr launch restart retry"),
        "How often it is started again when it dies, 20 at most.",
        typed!("a number", ibkr.launch.restarts),
    ),
    kept(
        LAUNCH,
        "ibkr.launch.command_port",
        ("Command port of IBC", "ibkr launch stop"),
        "Where IBC takes commands (CommandServerPort), so that it can be asked to stop; empty for none.",
        typed_or_none!("a port, or nothing", ibkr.launch.command_port),
    ),
    kept(
        LAUNCH,
        "ibkr.launch.login",
        ("Login", "ibkr launch password keyring"),
        "Who fills it in. No password stands in settings.",
        choice!(LOGINS, ibkr.launch.login),
    ),
    kept(
        LAUNCH,
        "ibkr.launch.keyring_service",
        ("Name in the keyring", "ibkr launch service"),
        "What the login is kept under in the system's keyring.",
        words!(ibkr.launch.keyring_service),
    ),
    kept(
        LAUNCH,
        "ibkr.launch.keyring_entry",
        ("Entry in the keyring", "ibkr launch user"),
        "Whose login it is there; empty for that of paper or live.",
        words!(ibkr.launch.keyring_entry),
    ),
    kept(
        LAUNCH,
        "ibkr.launch.environment",
        ("Variables", "ibkr launch environment"),
        "Variables for it, a NAME=value in each line.",
        ENVIRONMENT,
    ),
];
