use super::*;
use protocol::Permission;

fn policy(text: &str) -> Document {
    Document::parse(Source::Policy("policy.toml".into()), text)
}
fn installer(text: &str) -> Document {
    Document::parse(Source::Installer("settings.toml".into()), text)
}
fn user(text: &str) -> Document {
    Document::parse(Source::User("user.toml".into()), text)
}
fn merge(documents: &[Document]) -> Settings {
    Settings::merge(documents, false)
}
fn command_line(url: &str) -> Document {
    Document::single(Source::CommandLine, "service_url", url.into())
}
fn service(settings: &Settings) -> String {
    settings.service_url.value.as_ref().map(ToString::to_string).unwrap_or_default()
}
fn mistakes(settings: &Settings) -> Vec<String> {
    settings.report().mistakes.iter().map(ToString::to_string).collect()
}

#[test]
fn nobody_overrides_the_service_that_the_installer_set() {
    let merged = merge(&[
        command_line("https://elsewhere.example"),
        user("service_url = 'https://mine.example'"),
        installer("service_url = 'https://support.example'"),
    ]);
    assert_eq!(service(&merged), "https://support.example/");
    assert_eq!(merged.service_url.source, Source::Installer("settings.toml".into()));
    assert_eq!(merged.report().settings[0].overruled.len(), 2);
    let merged = merge(&[user("service_url = 'https://mine.example'")]);
    assert_eq!(service(&merged), "https://mine.example/");
}

#[test]
fn permissions_are_what_everybody_allows() {
    let merged = merge(&[
        policy("permissions = ['view', 'chat', 'control']"),
        user("permissions = ['view', 'files_read', 'chat']"),
    ]);
    assert_eq!(merged.permissions.value, Permissions::from([Permission::View, Permission::Chat]));
    assert_eq!(merged.permissions.source, Source::Combined);
}

#[test]
fn the_user_can_be_stricter_than_policy_and_never_laxer() {
    let merged = |policy_says: &str, user_says: &str| {
        merge(&[policy(policy_says), user(user_says)]).organisations.value
    };
    assert_eq!(merged("organisations = 'pinned'", "organisations = 'any'"), Organisations::Pinned);
    assert_eq!(merged("organisations = 'pinned'", "organisations = 'off'"), Organisations::Off);
    assert_eq!(merged("", ""), Organisations::Any);
}

#[test]
fn the_user_chooses_the_language_unless_policy_does() {
    let mut sources = vec![user("language = 'de'"), installer("language = 'fr'")];
    assert_eq!(merge(&sources).language.value.as_deref(), Some("de"));
    sources.insert(0, policy("language = 'it'"));
    assert_eq!(merge(&sources).language.value.as_deref(), Some("it"));
}

#[test]
fn a_policy_that_cannot_be_understood_forbids_and_is_said() {
    for broken in ["permissions = [", "permisions = ['view']"] {
        let merged = merge(&[
            policy(broken),
            user("service_url = 'https://mine.example'"),
            installer("number_to_call = '+1 555 0100'"),
        ]);
        assert_eq!(merged.permissions.value, Permissions::EMPTY, "{broken}");
        assert_eq!(merged.organisations.value, Organisations::Off);
        assert_eq!(merged.longest_session_minutes.value, 5);
        // What it may have said of the service is not for the user to replace; what the installer said stands.
        assert_eq!(service(&merged), "");
        assert_eq!(merged.number_to_call.value.as_deref(), Some("+1 555 0100"));
        assert!(mistakes(&merged)[0].starts_with("policy (policy.toml): "), "{:?}", mistakes(&merged));
    }
}

#[test]
fn one_wrong_value_of_a_policy_falls_to_the_safe_side_alone() {
    let merged = merge(&[policy(
        "permissions = ['view', 'veiw']\norganisations = 'all'\nlongest_session_minutes = 900\nlanguage = 'it'",
    )]);
    assert_eq!(merged.permissions.value, Permissions::from([Permission::View]));
    assert_eq!(merged.organisations.value, Organisations::Off);
    assert_eq!(merged.longest_session_minutes.value, 480);
    assert_eq!(merged.language.value.as_deref(), Some("it"));
    assert_eq!(
        mistakes(&merged),
        [
            "policy (policy.toml): permissions: there is no permission \"veiw\"",
            "policy (policy.toml): organisations: it must be off, pinned or any",
            "policy (policy.toml): longest_session_minutes: it must be 5 to 480, and counts as 480",
        ]
    );
    let address = merge(&[
        policy("service_url = 'http://support.example'"),
        user("service_url = 'https://mine.example'"),
    ]);
    assert_eq!(service(&address), "", "the user cannot take the place of a policy with a mistake");
}

#[test]
fn a_mistake_in_the_users_own_file_is_said() {
    let misspelt = merge(&[user("langauge = 'de'")]);
    assert_eq!(mistakes(&misspelt), ["user (user.toml): there is no setting langauge"]);
    assert_eq!(misspelt.permissions.value, Permissions::all());
    // It may have been meant to forbid something.
    let broken = merge(&[user("permissions = ['view'")]);
    assert_eq!(broken.permissions.value, Permissions::EMPTY);
    assert!(mistakes(&broken)[0].starts_with("user (user.toml): line 1: "), "{:?}", mistakes(&broken));
}

#[test]
fn what_a_source_may_not_set_does_not_count_and_is_said() {
    let merged = merge(&[user("preselect = ['view']\nnumber_to_call = '+1 555 0100'")]);
    assert_eq!(merged.preselect.value, Permissions::all());
    assert_eq!(merged.number_to_call.value, None);
    assert_eq!(mistakes(&merged).len(), 2);
}

#[test]
fn the_password_of_a_proxy_is_not_shown() {
    let merged = merge(&[policy("proxy = 'http://ursula:secret@proxy.example:3128'")]);
    let shown = format!("{}{}", merged.report().table(), serde_json::to_string(merged.report()).unwrap());
    assert!(shown.contains("http://ursula:***@proxy.example:3128/") && !shown.contains("secret"), "{shown}");
    assert!(merged.proxy.value.unwrap().expose().contains("secret"));
}

#[test]
fn everything_is_listed_with_its_source_and_what_it_overrules() {
    let merged = merge(&[policy("longest_session_minutes = 30\nlanguage = 'it'"), user("language = 'de'")]);
    let names: Vec<_> = merged.report().settings.iter().map(|row| row.definition.name).collect();
    assert_eq!(names, schema::ALL.map(|definition| definition.name));
    let table = merged.report().table();
    assert_eq!(table.lines().count(), schema::ALL.len() + 2, "{table}");
    assert!(table.starts_with("managed by your organisation"), "{table}");
    for text in ["30", "policy (policy.toml)", "overruled: de from user (user.toml)"] {
        assert!(table.contains(text), "{text} is not in\n{table}");
    }
}

#[test]
fn a_device_is_joined_by_pinned_organisations_alone_unless_administrators_say_otherwise() {
    let device = |documents: &[Document]| Settings::merge(documents, true);
    let organisations = |settings: &Settings| settings.core_config(false).organisations;
    assert_eq!(organisations(&merge(&[])), OrganisationPolicy::Any);
    assert_eq!(organisations(&device(&[])), OrganisationPolicy::PinnedToJoin);
    // An enrolment token makes it one before it is enrolled.
    let enrolling = installer("enrolment_token_file = '/etc/ondemand-agent/token'");
    assert_eq!(organisations(&merge(&[enrolling])), OrganisationPolicy::PinnedToJoin);
    assert_eq!(organisations(&device(&[policy("organisations = 'any'")])), OrganisationPolicy::Any);
    let overruled = device(&[user("organisations = 'any'")]);
    assert_eq!(organisations(&overruled), OrganisationPolicy::PinnedToJoin);
    assert!(overruled.report().table().contains("overruled: any"), "{}", overruled.report().table());
    assert_eq!(organisations(&device(&[user("organisations = 'pinned'")])), OrganisationPolicy::Pinned);
    assert_eq!(organisations(&device(&[user("organisations = 'off'")])), OrganisationPolicy::Off);
}

#[test]
fn the_whole_home_folder_is_shared_only_where_administrators_let_it_be() {
    let shared = |documents: &[Document]| merge(documents).core_config(false).whole_home;
    assert!(!shared(&[]) && shared(&[policy("whole_home = true")]));
    assert!(!shared(&[user("whole_home = true")]));
    assert!(!shared(&[policy("whole_home = 'yes'"), installer("whole_home = true")]));
    assert!(!shared(&[policy("whole-home = true"), installer("whole_home = true")]));
}

#[test]
fn what_policy_switches_off_nobody_switches_on() {
    let merged = merge(&[
        policy("quit = false\nportable = false\nupdate_check = false\nnotifications = false"),
        user("update_check = true\nnotifications = true"),
        installer("quit = true\nportable = true"),
    ]);
    assert!(!merged.quit.value && !merged.portable.value);
    assert!(!merged.update_check.value && !merged.notifications.value);
    assert!(merged.core_config(false).managed && !merged.core_config(false).may_quit);
}

#[test]
fn the_user_is_told_of_management_by_policy_and_of_nothing_else() {
    assert!(!merge(&[installer("quit = false"), user("language = 'de'")]).report().managed);
    assert!(merge(&[policy("")]).report().managed);
    let json = serde_json::to_value(merge(&[policy("contact = 'Example Support'")]).report()).unwrap();
    assert_eq!(json["managed"], true);
}

/// What can be allowed, each as something that is more where more is allowed.
fn allowed(settings: &Settings) -> (Permissions, Permissions, Vec<u32>) {
    let session::Config { organisations, longest_session, whole_home, may_quit, .. } =
        settings.core_config(false);
    let organisations = match organisations {
        OrganisationPolicy::Off => 0,
        OrganisationPolicy::Pinned => 1,
        OrganisationPolicy::PinnedToJoin => 2,
        OrganisationPolicy::Any => 3,
    };
    let switches = [whole_home, may_quit, settings.portable.value, settings.update_check.value];
    let minutes = u32::try_from(longest_session.as_secs() / 60).unwrap();
    let more = [organisations, minutes].into_iter().chain(switches.map(u32::from)).collect();
    (settings.permissions.value, settings.preselect.value, more)
}

fn is_at_most(one: &Settings, other: &Settings) -> bool {
    let ((permissions, preselect, more), (most, most_preselect, most_more)) = (allowed(one), allowed(other));
    permissions.is_subset(most)
        && preselect.is_subset(most_preselect)
        && more.iter().zip(&most_more).all(|(one, other)| one <= other)
}

const STRICT: &str = "\
service_url = 'https://support.example'
permissions = ['view', 'chat']
preselect = ['chat']
organisations = 'pinned'
longest_session_minutes = 30
quit = false
portable = false
update_check = false
";

proptest::proptest! {
    /// Whatever a file of policy holds, it only takes away from what holds where there is none.
    #[test]
    fn no_policy_however_damaged_allows_what_the_default_denies(
        damage in proptest::collection::vec((0..STRICT.len(), proptest::prelude::any::<u8>()), 0..12),
        cut in 0..STRICT.len(),
        is_device in proptest::prelude::any::<bool>(),
    ) {
        let mut bytes = STRICT.as_bytes().to_vec();
        for (place, byte) in damage {
            bytes[place] = byte;
        }
        bytes.truncate(STRICT.len() - cut / 4);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let below = [user("organisations = 'any'\nupdate_check = true")];
        let without = Settings::merge(&below, is_device);
        let damaged = Settings::merge(&[policy(&text), below[0].clone()], is_device);
        // Administrators alone can let the whole home folder be shared, or a device be joined by anybody; both take an
        // intact line that says so, which no damage of this one is.
        proptest::prop_assert!(is_at_most(&damaged, &without), "{text}");
    }

    /// Where a policy cannot be understood, nothing is left that can be allowed.
    #[test]
    fn a_policy_that_is_no_policy_forbids_everything(
        name in "[a-z]{3,12}_x",
        place in 0..=STRICT.lines().count(),
        is_text_broken in proptest::prelude::any::<bool>(),
    ) {
        let line = if is_text_broken { format!("{name} = [") } else { format!("{name} = true") };
        let mut lines: Vec<&str> = STRICT.lines().collect();
        lines.insert(place, &line);
        let installer = installer("quit = true\nwhole_home = true\npermissions = ['view']");
        let damaged = Settings::merge(&[policy(&lines.join("\n")), installer], false);
        proptest::prop_assert!(!damaged.report().mistakes.is_empty());
        let (permissions, preselect, more) = allowed(&damaged);
        // A line more leaves those that stand; one that cannot be read leaves none.
        if is_text_broken {
            proptest::prop_assert!(permissions.is_empty() && preselect.is_empty());
            proptest::prop_assert_eq!(more, [0, 5, 0, 0, 0, 0]);
        }
        proptest::prop_assert!(!damaged.core_config(false).whole_home);
    }

    /// A value of the wrong kind forbids what its setting restricts, and is said.
    #[test]
    fn a_value_that_is_none_forbids_and_is_said(which in 0..schema::ALL.len(), kind in 0..6usize) {
        let definition = schema::ALL[which];
        let value = ["'nonsense here'", "-1", "true", "1.5", "2026-03-01", "[[1]]"][kind];
        let merged = merge(&[policy(&format!("{} = {value}", definition.name))]);
        let fits = match definition.takes {
            schema::Takes::Text(_) => kind == 0,
            schema::Takes::Switch => kind == 2,
            _ => false,
        };
        proptest::prop_assert_eq!(merged.report().mistakes.is_empty(), fits, "{} = {}", definition.name, value);
        proptest::prop_assert!(is_at_most(&merged, &merge(&[])) || definition.name == "whole_home");
    }
}

#[cfg(unix)]
#[test]
fn a_folder_of_policies_that_cannot_be_listed_forbids() {
    use crate::platform::{Content, MachineSettings};
    let content = Content::Unreadable(std::io::ErrorKind::PermissionDenied.into());
    let found = MachineSettings { place: "/etc/ondemand-agent/policy.d".into(), is_policy: true, content };
    let merged = merge(&[Document::of_machine(found).unwrap()]);
    assert!(merged.permissions.value.is_empty() && !merged.portable.value);
    assert!(mistakes(&merged)[0].contains("policy.d): it cannot be read"), "{:?}", mistakes(&merged));
    // One that was listed and is gone when it is read may have been meant to forbid too.
    let gone =
        MachineSettings { place: "/nowhere/50-policy.toml".into(), is_policy: true, content: Content::File };
    assert!(merge(&[Document::of_machine(gone).unwrap()]).permissions.value.is_empty());
}

#[test]
fn whatever_stands_in_a_file_is_settings_or_a_mistake() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        drop(merge(&[policy(&text)]));
    });
}
