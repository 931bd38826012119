//! Operators' accounts and roles.

use crate::support::{Operator, PASSWORD, Stage, VIEW_AND_CHAT, code, outcome};
use protocol::{
    EndReason, OperatorId, Secret,
    event::Event,
    operator::{
        AccountView, AccountWithPassword, AddOperator, ChangeOperator, ChangePassword, EnrolmentView,
        InvitationView, Me, OrganisationSettings, RequestView, Role, SessionView, Target,
    },
    problem::{Problem, ProblemCode},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

const NEW_PASSWORD: &str = "a fresh and long one";

async fn add(olivia: &Operator, login: &str, role: Role) -> AccountWithPassword {
    let wanted = AddOperator { login: login.into(), name: "Oscar Example".into(), role };
    olivia.post("operators", &wanted).await.unwrap()
}

fn path_of(account: &AccountView) -> String {
    format!("operators/{}", account.operator.id)
}

fn new_password(current: &str, new: &str) -> ChangePassword {
    ChangePassword { current_password: Secret::new(current), new_password: Secret::new(new) }
}

/// Who may call a route: E(verybody who is signed in), O(perators with an own password), A(dministrators).
const ROUTES: &[(&str, char)] = &[
    ("get /operator/v1/me", 'E'),
    ("post /operator/v1/me/password", 'E'),
    ("post /operator/v1/sign-out", 'E'),
    ("get /operator/v1/me/second-factor", 'E'),
    ("post /operator/v1/me/second-factor", 'E'),
    ("post /operator/v1/me/passkeys", 'E'),
    ("post /operator/v1/me/passkeys/confirm", 'E'),
    ("post /operator/v1/me/passkeys/{passkey_id}/remove", 'E'),
    ("post /operator/v1/me/second-factor/confirm", 'E'),
    ("post /operator/v1/me/second-factor/recovery-codes", 'E'),
    ("post /operator/v1/me/second-factor/remove", 'E'),
    ("get /operator/v1/live", 'O'),
    ("get /operator/v1/invitations", 'O'),
    ("post /operator/v1/invitations", 'O'),
    ("delete /operator/v1/invitations/{invitation_id}", 'O'),
    ("get /operator/v1/devices", 'O'),
    ("post /operator/v1/devices/{device_id}/accept", 'O'),
    ("delete /operator/v1/devices/{device_id}", 'O'),
    ("get /operator/v1/device-groups", 'O'),
    ("get /operator/v1/help", 'O'),
    ("post /operator/v1/help/{help_id}/take", 'O'),
    ("delete /operator/v1/help/{help_id}", 'O'),
    ("post /operator/v1/requests", 'O'),
    ("get /operator/v1/requests/{request_id}", 'O'),
    ("delete /operator/v1/requests/{request_id}", 'O'),
    ("get /operator/v1/sessions", 'O'),
    ("get /operator/v1/session-history", 'O'),
    ("get /operator/v1/sessions/{session_id}", 'O'),
    ("get /operator/v1/sessions/{session_id}/desktop", 'O'),
    ("get /operator/v1/sessions/{session_id}/files/{path}", 'O'),
    ("post /operator/v1/sessions/{session_id}/files-credential", 'O'),
    ("get /operator/v1/sessions/{session_id}/messages", 'O'),
    ("post /operator/v1/sessions/{session_id}/messages", 'O'),
    ("post /operator/v1/sessions/{session_id}/end", 'O'),
    ("get /operator/v1/sessions/{session_id}/receipts", 'O'),
    ("get /operator/v1/organisation/logo", 'O'),
    ("get /operator/v1/organisation", 'A'),
    ("put /operator/v1/organisation/branding", 'A'),
    ("put /operator/v1/organisation/logo", 'A'),
    ("delete /operator/v1/organisation/logo", 'A'),
    ("get /operator/v1/operators", 'A'),
    ("post /operator/v1/operators", 'A'),
    ("patch /operator/v1/operators/{operator_id}", 'A'),
    ("post /operator/v1/operators/{operator_id}/one-time-password", 'A'),
    ("delete /operator/v1/operators/{operator_id}/second-factor", 'A'),
    ("put /operator/v1/organisation/policy", 'A'),
    ("post /operator/v1/organisation/domain-record", 'A'),
    ("post /operator/v1/organisation/domain", 'A'),
    ("get /operator/v1/audit", 'A'),
    ("get /operator/v1/enrolment", 'A'),
    ("post /operator/v1/device-groups", 'A'),
    ("patch /operator/v1/device-groups/{group_id}", 'A'),
    ("post /operator/v1/device-groups/{group_id}/enrolment-tokens", 'A'),
    ("delete /operator/v1/enrolment-tokens/{token_id}", 'A'),
];

/// Calls a route with something that fits no schema, so that nothing happens where it is let through.
async fn knock(operator: &Operator, route: &str) -> (StatusCode, Option<ProblemCode>) {
    let (method, path) = route.split_once(' ').unwrap();
    let path: String = path
        .split('/')
        .map(|part| if part.starts_with('{') { "nobody" } else { part })
        .collect::<Vec<_>>()
        .join("/");
    let method: Method = method.to_uppercase().parse().unwrap();
    let request = operator
        .client
        .request(method, format!("{}{path}", operator.url))
        .header("X-CSRF-Token", operator.me.csrf_token.expose())
        .header("Origin", &operator.url)
        .json(&json!(1));
    let response = request.send().await.unwrap();
    let status = response.status();
    if status.is_success() {
        return (status, None);
    }
    (status, Some(outcome::<Value>(response).await.unwrap_err().code))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_open_to_those_it_is_for_and_to_nobody_else() {
    let document: Value = serde_json::from_str(&service::openapi().unwrap()).unwrap();
    let mut documented = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["security"].to_string().contains("operator_cookie") {
                documented.push(format!("{method} {path}"));
            }
        }
    }
    let mut listed: Vec<_> = ROUTES.iter().map(|(route, _)| (*route).to_owned()).collect();
    documented.sort();
    listed.sort();
    assert_eq!(listed, documented, "each route is listed here with those who may call it");

    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let oscar = stage.oscar().await;
    let added = add(&olivia, "new", Role::Administrator).await;
    let new =
        Operator::sign_in_with(&stage.running.url, "new", added.one_time_password.expose()).await.unwrap();
    let nobody =
        Operator { client: reqwest::Client::new(), url: stage.running.url.clone(), me: olivia.me.clone() };
    for (route, who) in ROUTES {
        assert_eq!(knock(&nobody, route).await.1, Some(ProblemCode::Unauthenticated), "{route}");
        if *route == "post /operator/v1/sign-out" {
            continue;
        }
        let closed = [Some(ProblemCode::Forbidden), Some(ProblemCode::PasswordChangeRequired)];
        let answer = knock(&new, route).await.1;
        if *who == 'E' {
            assert!(!closed.contains(&answer), "{route} with a one-time password: {answer:?}");
        } else {
            assert_eq!(answer, Some(ProblemCode::PasswordChangeRequired), "{route}");
        }
        let answer = knock(&oscar, route).await.1;
        assert_eq!(answer == Some(ProblemCode::Forbidden), *who == 'A', "{route} as operator: {answer:?}");
        let answer = knock(&olivia, route).await.1;
        assert!(!closed.contains(&answer), "{route} as administrator: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_operator_signs_in_once_with_the_password_told_and_then_chooses_an_own_one() {
    let stage = Stage::new().await;
    let url = &stage.running.url;
    let olivia = stage.olivia().await;
    assert_eq!(olivia.me.role, Role::Administrator, "an organisation's first operator manages it");
    let added = add(&olivia, "oscar", Role::Operator).await;
    let told = added.one_time_password.expose();
    assert!(added.account.one_time_until.is_some());

    let oscar = Operator::sign_in_with(url, "oscar", told).await.unwrap();
    assert!(oscar.me.must_change_password);
    assert_eq!(
        code(oscar.get::<Vec<InvitationView>>("invitations").await),
        ProblemCode::PasswordChangeRequired
    );
    let change =
        async |current: &str, new: &str| oscar.post::<()>("me/password", &new_password(current, new)).await;
    assert_eq!(code(change("not it", NEW_PASSWORD).await), ProblemCode::WrongPassword);
    for weak in ["short", "oscar-oscar-oscar", "aaaaaaaaaaaaaaaaa", told] {
        assert_eq!(code(change(told, weak).await), ProblemCode::WeakPassword, "{weak}");
    }
    change(told, NEW_PASSWORD).await.unwrap();
    assert!(!oscar.get::<Me>("me").await.unwrap().must_change_password);
    oscar.get::<Vec<InvitationView>>("invitations").await.unwrap();
    let again = Operator::sign_in_with(url, "oscar", told).await.map(|_| ());
    assert_eq!(code(again), ProblemCode::Unauthenticated, "it was good once");
    Operator::sign_in_with(url, "oscar", NEW_PASSWORD).await.unwrap();

    let accounts: Vec<AccountView> = olivia.get("operators").await.unwrap();
    let oscars = accounts.iter().find(|account| account.login == "oscar").unwrap();
    assert_eq!((oscars.one_time_until, oscars.last_sign_in.is_some()), (None, true));
    let taken = AddOperator { login: "oscar".into(), name: "Otto Example".into(), role: Role::Operator };
    assert_eq!(code(olivia.post::<AccountWithPassword>("operators", &taken).await), ProblemCode::LoginTaken);
    for (login, name) in [("two words", "Otto"), ("", "Otto"), ("otto", "\u{202e}"), ("otto", "")] {
        let wanted = AddOperator { login: login.into(), name: name.into(), role: Role::Operator };
        assert_eq!(
            code(olivia.post::<AccountWithPassword>("operators", &wanted).await),
            ProblemCode::Invalid
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_time_password_that_nobody_uses_wears_out_and_a_new_one_can_be_given() {
    let stage = Stage::new().await;
    let url = &stage.running.url;
    let added = add(&stage.olivia().await, "oscar", Role::Operator).await;
    stage.clock.advance(Duration::from_secs(7 * 24 * 60 * 60 + 1));
    let late = Operator::sign_in_with(url, "oscar", added.one_time_password.expose()).await.map(|_| ());
    assert_eq!(code(late), ProblemCode::AccountDisabled);
    let olivia = stage.olivia().await;
    let reset = format!("{}/one-time-password", path_of(&added.account));
    let fresh: AccountWithPassword = olivia.send(Method::POST, &reset, None::<&()>).await.unwrap();
    Operator::sign_in_with(url, "oscar", fresh.one_time_password.expose()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_and_a_change_of_the_password_end_sign_ins_elsewhere() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let oscar = stage.oscar().await;
    let elsewhere = Operator::sign_in(&stage.running.url, "oscar").await;
    let (mut live, _) = elsewhere.listen().await;
    oscar.post::<()>("me/password", &new_password(PASSWORD, NEW_PASSWORD)).await.unwrap();
    assert_eq!(live.next().await, None);
    assert_eq!(code(elsewhere.get::<Me>("me").await), ProblemCode::Unauthenticated);
    oscar.get::<Me>("me").await.unwrap();

    let reset = format!("operators/{}/one-time-password", oscar.me.operator.id);
    olivia.send::<AccountWithPassword>(Method::POST, &reset, None::<&()>).await.unwrap();
    assert_eq!(code(oscar.get::<Me>("me").await), ProblemCode::Unauthenticated);
    let own = format!("operators/{}/one-time-password", olivia.me.operator.id);
    let refused = olivia.send::<AccountWithPassword>(Method::POST, &own, None::<&()>).await;
    assert_eq!(code(refused), ProblemCode::Forbidden);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_disabled_is_out_at_once_and_what_they_began_ends() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let oscar = stage.oscar().await;
    let (mut live, _) = oscar.listen().await;
    let (agent, session_id) = stage.session(&oscar, VIEW_AND_CHAT).await;
    let mut cursor = agent.snapshot().await.cursor;
    let (other, invitation) = stage.joined(&oscar).await;
    let request = oscar.ask(Target::Invitation(invitation.id.clone()), VIEW_AND_CHAT).await.unwrap();

    let path = format!("operators/{}", oscar.me.operator.id);
    let disable = |disabled| ChangeOperator { disabled: Some(disabled), ..ChangeOperator::default() };
    let account: AccountView = olivia.patch(&path, &disable(true)).await.unwrap();
    assert!(account.disabled);
    while live.next().await.is_some() {}
    assert_eq!(code(oscar.get::<Me>("me").await), ProblemCode::Unauthenticated);
    let again = Operator::sign_in_with(&stage.running.url, "oscar", PASSWORD).await.map(|_| ());
    assert_eq!(code(again), ProblemCode::AccountDisabled);
    let wrong = Operator::sign_in_with(&stage.running.url, "oscar", "wrong").await.map(|_| ());
    assert_eq!(code(wrong), ProblemCode::Unauthenticated, "who does not know the password learns nothing");
    let reason = agent
        .until(&mut cursor, |event| match event {
            Event::SessionEnded { session_id: ended, reason } => Some((ended, reason)),
            _ => None,
        })
        .await;
    assert_eq!(reason, (session_id, EndReason::Service));
    assert!(other.snapshot().await.snapshot.unwrap().request.is_none());
    let request: RequestView = olivia.get(&format!("requests/{}", request.id)).await.unwrap();
    assert!(matches!(request.state, protocol::operator::RequestState::Unanswered { .. }));
    olivia.ask(Target::Invitation(invitation.id), VIEW_AND_CHAT).await.unwrap();

    olivia.patch::<AccountView>(&path, &disable(false)).await.unwrap();
    Operator::sign_in(&stage.running.url, "oscar").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_counts_from_the_next_sign_in_and_one_administrator_must_remain() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let oscar = stage.oscar().await;
    let olivias = format!("operators/{}", olivia.me.operator.id);
    let as_role = |role| ChangeOperator { role: Some(role), ..ChangeOperator::default() };
    let resigns = olivia.patch::<AccountView>(&olivias, &as_role(Role::Operator)).await;
    assert_eq!(code(resigns), ProblemCode::LastAdministrator);
    let leaves = ChangeOperator { disabled: Some(true), ..ChangeOperator::default() };
    assert_eq!(code(olivia.patch::<AccountView>(&olivias, &leaves).await), ProblemCode::LastAdministrator);

    let oscars = format!("operators/{}", oscar.me.operator.id);
    olivia.patch::<AccountView>(&oscars, &as_role(Role::Administrator)).await.unwrap();
    assert_eq!(code(oscar.get::<Me>("me").await), ProblemCode::Unauthenticated);
    let oscar = Operator::sign_in(&stage.running.url, "oscar").await;
    oscar.get::<OrganisationSettings>("organisation").await.unwrap();
    olivia.patch::<AccountView>(&olivias, &as_role(Role::Operator)).await.unwrap();
    let olivia = stage.olivia().await;
    assert_eq!(code(olivia.get::<Vec<EnrolmentView>>("enrolment").await), ProblemCode::Forbidden);
    let rename = ChangeOperator { name: Some("Oscar Sample".into()), ..ChangeOperator::default() };
    oscar.patch::<AccountView>(&oscars, &rename).await.unwrap();
    assert_eq!(oscar.get::<Me>("me").await.unwrap().operator.name, "Oscar Sample");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organisations_administrator_manages_nothing_here() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let admin = stage.admin();
    let rival = admin.add_organisation("Other Support", None).unwrap();
    admin.add_operator(&rival.id, "otto", "Otto Example", &Secret::new(PASSWORD)).unwrap();
    let group = admin.add_group(&stage.organisation.id, "Office", VIEW_AND_CHAT.into(), false).unwrap();
    let otto = Operator::sign_in(&stage.running.url, "otto").await;
    let theirs: Vec<AccountView> = otto.get("operators").await.unwrap();
    assert_eq!(theirs.len(), 1);
    assert!(otto.get::<Vec<EnrolmentView>>("enrolment").await.unwrap().is_empty());
    let olivias: OperatorId = olivia.me.operator.id.clone();
    let mut answers: BTreeMap<&str, Result<Value, Problem>> = BTreeMap::new();
    let disable = ChangeOperator { disabled: Some(true), ..ChangeOperator::default() };
    answers.insert("disable", otto.patch(&format!("operators/{olivias}"), &disable).await);
    let reset = format!("operators/{olivias}/one-time-password");
    answers.insert("reset", otto.send(Method::POST, &reset, None::<&()>).await);
    let group = format!("device-groups/{group}");
    answers.insert("group", otto.patch(&group, &json!({"name": "Mine"})).await);
    answers.insert("token", otto.post(&format!("{group}/enrolment-tokens"), &json!({})).await);
    for (what, answer) in answers {
        assert_eq!(code(answer), ProblemCode::NotFound, "{what}");
    }
    olivia.get::<Vec<SessionView>>("sessions").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_runs_the_service_can_let_a_locked_out_administrator_in_again() {
    let stage = Stage::new().await;
    let oscar = stage.oscar().await;
    let password = Secret::new(NEW_PASSWORD);
    stage.admin().update_operator("oscar", Some(Role::Administrator), Some(&password), true, false).unwrap();
    assert_eq!(code(oscar.get::<Me>("me").await), ProblemCode::Unauthenticated);
    let oscar = Operator::sign_in_with(&stage.running.url, "oscar", NEW_PASSWORD).await.unwrap();
    assert_eq!(oscar.me.role, Role::Administrator);
    assert!(stage.admin().update_operator("nobody", None, None, true, false).is_err());
}
