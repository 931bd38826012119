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
    let merged = Settings::merge(&[
        command_line("https://elsewhere.example"),
        user("service_url = 'https://mine.example'"),
        installer("service_url = 'https://support.example'"),
    ]);
    assert_eq!(service(&merged), "https://support.example/");
    assert_eq!(merged.service_url.source, Source::Installer("settings.toml".into()));
    assert_eq!(merged.report().settings[0].overruled.len(), 2);
    let merged = Settings::merge(&[user("service_url = 'https://mine.example'")]);
    assert_eq!(service(&merged), "https://mine.example/");
}

#[test]
fn permissions_are_what_everybody_allows() {
    let merged = Settings::merge(&[
        policy("permissions = ['view', 'chat', 'control']"),
        user("permissions = ['view', 'files_read', 'chat']"),
    ]);
    assert_eq!(merged.permissions.value, Permissions::from([Permission::View, Permission::Chat]));
    assert_eq!(merged.permissions.source, Source::Combined);
}

#[test]
fn the_user_can_be_stricter_than_policy_and_never_laxer() {
    let merged = |policy_says: &str, user_says: &str| {
        Settings::merge(&[policy(policy_says), user(user_says)]).organisations.value
    };
    assert_eq!(merged("organisations = 'pinned'", "organisations = 'any'"), Organisations::Pinned);
    assert_eq!(merged("organisations = 'pinned'", "organisations = 'off'"), Organisations::Off);
    assert_eq!(merged("", ""), Organisations::Any);
}

#[test]
fn the_user_chooses_the_language_unless_policy_does() {
    let mut sources = vec![user("language = 'de'"), installer("language = 'fr'")];
    assert_eq!(Settings::merge(&sources).language.value.as_deref(), Some("de"));
    sources.insert(0, policy("language = 'it'"));
    assert_eq!(Settings::merge(&sources).language.value.as_deref(), Some("it"));
}

#[test]
fn a_policy_that_cannot_be_understood_forbids_and_is_said() {
    for broken in ["permissions = [", "permisions = ['view']"] {
        let merged = Settings::merge(&[
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
    let merged = Settings::merge(&[policy(
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
    let address = Settings::merge(&[
        policy("service_url = 'http://support.example'"),
        user("service_url = 'https://mine.example'"),
    ]);
    assert_eq!(service(&address), "", "the user cannot take the place of a policy with a mistake");
}

#[test]
fn a_mistake_in_the_users_own_file_is_said() {
    let misspelt = Settings::merge(&[user("langauge = 'de'")]);
    assert_eq!(mistakes(&misspelt), ["user (user.toml): there is no setting langauge"]);
    assert_eq!(misspelt.permissions.value, Permissions::all());
    // It may have been meant to forbid something.
    let broken = Settings::merge(&[user("permissions = ['view'")]);
    assert_eq!(broken.permissions.value, Permissions::EMPTY);
    assert!(mistakes(&broken)[0].starts_with("user (user.toml): line 1: "), "{:?}", mistakes(&broken));
}

#[test]
fn what_a_source_may_not_set_does_not_count_and_is_said() {
    let merged = Settings::merge(&[user("preselect = ['view']\nnumber_to_call = '+1 555 0100'")]);
    assert_eq!(merged.preselect.value, Permissions::all());
    assert_eq!(merged.number_to_call.value, None);
    assert_eq!(mistakes(&merged).len(), 2);
}

#[test]
fn the_password_of_a_proxy_is_not_shown() {
    let merged = Settings::merge(&[policy("proxy = 'http://ursula:secret@proxy.example:3128'")]);
    let shown = format!("{}{}", merged.report().table(), serde_json::to_string(merged.report()).unwrap());
    assert!(shown.contains("http://ursula:***@proxy.example:3128/") && !shown.contains("secret"), "{shown}");
    assert!(merged.proxy.value.unwrap().expose().contains("secret"));
}

#[test]
fn everything_is_listed_with_its_source_and_what_it_overrules() {
    let merged =
        Settings::merge(&[policy("longest_session_minutes = 30\nlanguage = 'it'"), user("language = 'de'")]);
    let names: Vec<_> = merged.report().settings.iter().map(|row| row.definition.name).collect();
    assert_eq!(names, schema::ALL.map(|definition| definition.name));
    let table = merged.report().table();
    assert_eq!(table.lines().count(), 13);
    for text in ["30", "policy (policy.toml)", "overruled: de from user (user.toml)"] {
        assert!(table.contains(text), "{text} is not in\n{table}");
    }
}
