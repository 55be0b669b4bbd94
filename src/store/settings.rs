//! The trader's settings on disk: a TOML file that a person may edit.
//!
//! One wrong line never costs the others: each value is tried by itself, and what
//! cannot be used is reported with what stands in for it. Saving over a file in which
//! a person left something we cannot keep first copies it aside.
//!
//! Version 1 had the limits of the profile in `[limits]` itself. They are read from there
//! still, whoever wrote them; since version 2 they stand in `[limits.profile]`, so that an
//! older Pitdesk refuses the file instead of trading without the limits that it cannot read.
//! `[keys]` needs no version: an older one leaves it aside, says so, and has the usual keys.

use std::path::Path;

use toml::{Table, Value};

use crate::domain::Settings;
use crate::domain::settings::FILE_VERSION as VERSION;
pub use crate::domain::settings::Problem;

use super::files::{self, Aside, Loaded, Refusal, WriteError};

/// What stands in `[limits]` itself since version 2.
const OF_ALL_LIMITS: [&str; 5] = ["currency", "day_start", "profile", "accounts", "instruments"];

const HEADING: &str = "\
# Settings of this Pitdesk profile. Pitdesk reads them when it starts and rewrites
# the file when you change something in its window; a value that it cannot use is
# reported and left at its default.
";

/// Reads the settings: those of the file where they can be used, defaults elsewhere.
#[must_use]
pub fn load(path: &Path) -> (Settings, Vec<Problem>) {
    match files::load_with(path, parse) {
        Loaded::Value(found) => found,
        Loaded::Missing => (Settings::default(), Vec::new()),
        Loaded::Damaged { kept_as, why } => {
            let problem = Problem {
                field: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                what: why,
                used: format!("defaults are used; the file is kept as {}", kept_as.display()),
            };
            (Settings::default(), vec![problem])
        }
    }
}

/// Saves the settings. A file that [`load`] would have complained about is copied to
/// `settings.toml.edited-<n>` first.
///
/// # Errors
/// As [`files::write()`].
pub fn save(path: &Path, settings: &Settings) -> Result<(), WriteError> {
    let unkept = std::fs::read(path).is_ok_and(|bytes| !parse(&bytes).is_ok_and(|(_, p)| p.is_empty()));
    if unkept {
        files::set_aside(path, Aside::Edited).map_err(|source| WriteError {
            path: path.to_owned(),
            step: files::Step::Create,
            source,
        })?;
    }
    files::write(path, text(settings).as_bytes())
}

/// The text of the file.
#[must_use]
pub fn text(settings: &Settings) -> String {
    let settings = toml::to_string(settings).expect("settings are tables of plain values");
    format!("{HEADING}version = {VERSION}\n{settings}")
}

/// Reads the bytes of the file: the settings that can be used, and what cannot.
///
/// # Errors
/// When they are no table at all, or a newer Pitdesk's.
pub fn parse(bytes: &[u8]) -> Result<(Settings, Vec<Problem>), Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|e| Refusal::Damaged(format!("it is not text: {e}")))?;
    let mut file: Table = text.parse().map_err(|e: toml::de::Error| {
        let line = e.span().map_or(1, |at| text[..at.start].matches('\n').count() + 1);
        Refusal::Damaged(format!("line {line}: {}", e.message()))
    })?;
    if let Some(Value::Integer(found)) = file.remove("version")
        && found > i64::from(VERSION)
    {
        return Err(Refusal::Newer { found: u32::try_from(found).unwrap_or(u32::MAX), newest: VERSION });
    }
    move_limits_of_version_1(&mut file);
    Ok(Settings::default().with(&file))
}

fn move_limits_of_version_1(file: &mut Table) {
    let Some(Value::Table(limits)) = file.get_mut("limits") else { return };
    let is_old =
        |(key, value): &(&String, &Value)| !OF_ALL_LIMITS.contains(&key.as_str()) && !value.is_table();
    let old: Vec<String> = limits.iter().filter(is_old).map(|(key, _)| key.clone()).collect();
    for key in old {
        let Some(value) = limits.remove(&key) else { continue };
        if let Value::Table(profile) = limits.entry("profile").or_insert_with(|| Table::new().into()) {
            profile.entry(key).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::settings::{Density, HanShapes, Looks, Palette, ThemeChoice, ZoneDisplay};
    use crate::domain::{Currency, Decimal};

    fn read(text: &str) -> (Settings, Vec<Problem>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.toml");
        std::fs::write(&path, text).unwrap();
        load(&path)
    }

    #[test]
    fn what_is_saved_is_what_is_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.toml");
        let mut settings = Settings {
            base_currency: Currency::JPY,
            theme: ThemeChoice::System,
            time_zone_display: ZoneDisplay::Utc,
            confirm_orders: false,
            practice_always_open: false,
            ..Settings::default()
        };
        let limits = crate::domain::Limits {
            max_order_quantity: Some(crate::domain::Qty(50.into())),
            allowed_hours: Some("09:30-16:00 America/New_York".parse().unwrap()),
            ..crate::domain::Limits::default()
        };
        settings.limits.profile.max_order_value = Some("1234.56".parse().unwrap());
        settings.limits.profile.allowed_instruments = Some(["AAPL@NASDAQ".to_owned()].into());
        settings.limits.instruments.insert("BRK.B@NYSE".to_owned(), limits);
        settings.limits.day_start = "07:00 Asia/Seoul".parse().unwrap();
        settings.default_quantity.crypto.0 = "0.00000001".parse().unwrap();
        save(&path, &settings).unwrap();
        assert_eq!(load(&path), (settings, vec![]));
    }

    #[test]
    fn a_first_start_has_defaults_and_no_problems() {
        assert_eq!(load(Path::new("/nonexistent/settings.toml")), (Settings::default(), vec![]));
        assert_eq!(read(""), (Settings::default(), vec![]));
    }

    #[test]
    fn a_wrong_field_does_not_lose_the_rest() {
        let (settings, problems) = read(
            "theme = 'pink'\nconfirm_orders = 'no'\ncolour = 1\nbase_currency = 'EUR'\n\
             [limits]\nmax_order_value = 'lots'\nmax_working_orders = 7\nmax_positon_value = 5\n",
        );
        assert_eq!(settings.base_currency, Currency::EUR);
        assert_eq!(settings.limits.profile.max_working_orders, Some(7));
        assert_eq!(settings.limits.profile.max_order_value, Some(Decimal::from(250_000)));
        assert!(settings.confirm_orders);
        let mut fields: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
        fields.sort_unstable();
        let expected = [
            "colour",
            "confirm_orders",
            "limits.profile.max_order_value",
            "limits.profile.max_positon_value",
            "theme",
        ];
        assert_eq!(fields, expected);
        let theme = problems.iter().find(|p| p.field == "theme").unwrap().to_string();
        assert!(theme.contains("pink") && theme.ends_with("\"dark\" is used"), "{theme}");
    }

    #[test]
    fn numbers_may_be_written_without_quotes() {
        let (settings, problems) =
            read("[limits]\nmax_order_value = 5000\nmax_price_distance_percent = 2.5\n");
        assert_eq!(problems, vec![]);
        assert_eq!(settings.limits.profile.max_order_value, Some(Decimal::from(5000)));
        assert_eq!(settings.limits.profile.max_price_distance_percent, "2.5".parse().ok());
    }

    #[test]
    fn a_limit_that_limits_nothing_is_refused() {
        for text in [
            "[limits]\nmax_order_value = -1",
            "[limits]\nmax_working_orders = 0",
            "[default_quantity]\nshare = 0",
        ] {
            let (settings, problems) = read(text);
            assert_eq!(settings, Settings::default(), "{text}");
            assert_eq!(problems.len(), 1, "{text}");
            assert!(problems[0].what.contains("above zero"), "{}", problems[0]);
        }
    }

    #[test]
    fn the_limits_of_an_older_file_are_the_profiles() {
        let (settings, problems) = read(
            "version = 1\n[limits]\ncurrency = 'KRW'\nmax_order_value = '1000000'\n\
             max_position_value = '2000000'\nmax_price_distance_percent = '5'\nmax_working_orders = 7\n\
             max_quote_age_seconds = 20\n",
        );
        assert_eq!(problems, vec![]);
        let crate::domain::LimitSet { currency, profile, .. } = settings.limits;
        assert_eq!((currency, profile.max_order_value), (Currency::KRW, Some(1_000_000.into())));
        assert_eq!(profile.max_position_value, Some(2_000_000.into()));
        assert_eq!(profile.max_price_distance_percent, Some(5.into()));
        assert_eq!((profile.max_working_orders, profile.max_quote_age_seconds), (Some(7), Some(20)));
    }

    #[test]
    fn limits_of_accounts_and_instruments_are_taken_one_by_one() {
        let (settings, problems) = read(
            "[limits.profile]\nmax_loss_per_day = 500\n\
             [limits.accounts.PAPER]\nmax_working_orders = 3\nmax_exposure = 'all'\nmax_orderz = 1\n\
             [limits.instruments.'AAPL@NASDAQ']\nmax_order_quantity = 50\nmax_exposure = 5\n\
             allowed_hours = 'regular'\n[limits.accounts.OTHER]\nallowed_hours = 'late'\n\
             [limits.brokers.IB]\nmax_working_orders = 1\n",
        );
        assert_eq!(settings.limits.profile.max_loss_per_day, Some(500.into()));
        assert_eq!(settings.limits.accounts["PAPER"].max_working_orders, Some(3));
        let share = &settings.limits.instruments["AAPL@NASDAQ"];
        assert_eq!(share.max_order_quantity, Some(crate::domain::Qty(50.into())));
        assert!(share.allowed_hours.is_some() && share.max_exposure.is_none());
        let mut fields: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
        fields.sort_unstable();
        let expected = [
            "limits.accounts.OTHER.allowed_hours",
            "limits.accounts.PAPER.max_exposure",
            "limits.accounts.PAPER.max_orderz",
            "limits.brokers",
            "limits.instruments.AAPL@NASDAQ.max_exposure",
        ];
        assert_eq!(fields, expected);
        let misplaced = problems.iter().find(|p| p.field.contains("AAPL")).unwrap();
        assert!(misplaced.what.contains("single instrument"), "{misplaced}");
    }

    #[test]
    fn the_start_of_ib_gateway_is_kept_and_a_password_in_it_refused_without_being_shown() {
        let text = |more: &str| {
            format!(
                "account_kind = 'live'\n[ibkr.launch]\nis_on = true\ncommand = '/opt/ibc/scripts/ibcstart.sh'\n\
                 arguments = ['1037', '--gateway', '--ibc-ini={{ini}}']\nmode = 'live'\ncommand_port = 7462\n\
                 login = 'hand'\n[ibkr.launch.environment]\nLANG = 'C.UTF-8'\n{more}"
            )
        };
        let (settings, problems) = read(&text(""));
        assert_eq!(problems, vec![]);
        assert_eq!(parse(super::text(&settings).as_bytes()).ok().unwrap().0, settings);
        assert_eq!(settings.ibkr.launch.arguments.len(), 3);
        assert_eq!(settings.ibkr.launch.environment["LANG"], "C.UTF-8");
        let (kept, problems) = read(&text("TWSPASSWORD = 'hunter2'"));
        assert_eq!(kept, settings);
        let said = problems[0].to_string();
        assert!(
            said.starts_with("ibkr.launch.environment.TWSPASSWORD") && !said.contains("hunter2"),
            "{said}"
        );
        let (_, problems) = read(&text("").replace("'live'\n[ibkr", "'paper'\n[ibkr"));
        assert!(problems[0].to_string().starts_with("ibkr.launch.mode"), "{problems:?}");
    }

    #[test]
    fn chosen_keys_are_kept_whatever_they_are_called() {
        let (settings, problems) =
            read("[keys]\nsearch = 'Ctrl+P'\n'of a newer one' = 'F9'\nlimits = ''\nquit = 7\n");
        let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["keys.quit"], "a number is no keys");
        let kept = [("search", "Ctrl+P"), ("of a newer one", "F9"), ("limits", "")];
        let kept = kept.map(|(name, keys)| (name.to_owned(), keys.to_owned()));
        assert_eq!(settings.keys, kept.into());
        assert_eq!(parse(super::text(&settings).as_bytes()).ok().unwrap(), (settings, vec![]));
    }

    #[test]
    fn looks_that_nobody_knows_are_told_and_the_others_kept() {
        let (settings, problems) = read(
            "[looks]\npalette = 'colour-blind'\nconvention = 'martian'\ndensity = 'compact'\n\
             text_percent = 400\nhan = 'korean'\n",
        );
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let [convention, text] = &told[..] else { panic!("{told:?}") };
        assert!(convention.starts_with("looks.convention") && convention.ends_with("\"western\" is used"));
        assert!(text.contains("must be 80 to 200 percent") && text.ends_with("100 is used"), "{text}");
        let looks = Looks {
            palette: Palette::ColourBlind,
            density: Density::Compact,
            han: HanShapes::Korean,
            ..Looks::default()
        };
        assert_eq!(settings.looks, looks);
        assert_eq!(parse(super::text(&settings).as_bytes()).ok().unwrap(), (settings, vec![]));
    }

    #[test]
    fn a_table_where_a_value_belongs_and_the_reverse() {
        let (settings, problems) = read("limits = 5\n[theme]\nname = 'dark'\n");
        assert_eq!(settings, Settings::default());
        assert_eq!(problems.len(), 2);
    }

    #[test]
    fn a_broken_file_is_set_aside_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.toml");
        std::fs::write(&path, "theme = 'light'\n[limits\n").unwrap();
        let (settings, problems) = load(&path);
        assert_eq!(settings, Settings::default());
        assert!(problems[0].what.starts_with("line 2"), "{}", problems[0]);
        assert!(problems[0].used.contains("settings.toml.damaged-1"), "{}", problems[0]);
        assert!(dir.path().join("settings.toml.damaged-1").exists());
    }

    #[test]
    fn a_newer_file_is_refused_and_copied() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.toml");
        std::fs::write(&path, "version = 3\ntheme = 'light'\n").unwrap();
        for _ in 0..3 {
            let (settings, problems) = load(&path);
            assert_eq!(settings, Settings::default());
            assert!(problems[0].what.contains("newer Pitdesk"), "{}", problems[0]);
        }
        save(&path, &Settings::default()).unwrap();
        let kept = std::fs::read_to_string(dir.path().join("settings.toml.newer-1")).unwrap();
        assert_eq!(kept, "version = 3\ntheme = 'light'\n");
        assert!(!dir.path().join("settings.toml.newer-2").exists());
    }

    #[test]
    fn saving_keeps_a_copy_of_what_a_person_wrote_in_vain() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("settings.toml");
        std::fs::write(&path, "thme = 'light'\n").unwrap();
        let (settings, _) = load(&path);
        save(&path, &settings).unwrap();
        save(&path, &settings).unwrap();
        let kept = std::fs::read_to_string(dir.path().join("settings.toml.edited-1")).unwrap();
        assert_eq!(kept, "thme = 'light'\n");
        assert!(!dir.path().join("settings.toml.edited-2").exists());
    }
}
