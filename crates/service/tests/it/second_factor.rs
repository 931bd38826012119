//! The second factor at sign-in.

use crate::support::{Operator, PASSWORD, Stage, code};
use protocol::{
    Secret,
    operator::{
        AccountView, AuditAction, AuditPage, BeginSecondFactor, ChangePolicy, ConfirmSecondFactor,
        InvitationView, Me, OrganisationSettings, ProveSecondFactor, RecoveryCodes, SecondFactorSetup,
        SecondFactorView,
    },
    problem::{Problem, ProblemCode},
};
use reqwest::Method;
use std::time::Duration;

/// An authenticator app.
struct App(totp_rs::Totp);

impl App {
    fn new(setup: &SecondFactorSetup) -> Self {
        let key = totp_rs::Secret::try_from_base32(setup.key.expose()).unwrap();
        Self(totp_rs::Builder::new().with_secret(key).build().unwrap())
    }

    /// What it shows at the service's time.
    fn code(&self, stage: &Stage) -> String {
        self.0.generate(stage.clock.now().as_second().unsigned_abs()).to_string()
    }

    /// The code after the one that is shown now.
    fn next_code(&self, stage: &Stage) -> String {
        stage.clock.advance(Duration::from_secs(30));
        self.code(stage)
    }
}

fn password() -> BeginSecondFactor {
    BeginSecondFactor { current_password: Secret::new(PASSWORD) }
}

async fn begin(operator: &Operator) -> Result<SecondFactorSetup, Problem> {
    operator.post("me/second-factor", &password()).await
}

async fn confirm(operator: &Operator, code: &str) -> Result<RecoveryCodes, Problem> {
    operator.post("me/second-factor/confirm", &ConfirmSecondFactor { code: Secret::new(code) }).await
}

async fn set_up(stage: &Stage, operator: &Operator) -> (App, Vec<Secret>) {
    let app = App::new(&begin(operator).await.unwrap());
    let codes = confirm(operator, &app.code(stage)).await.unwrap().recovery_codes;
    (app, codes)
}

async fn sign_in(stage: &Stage, login: &str, code: Option<&str>) -> Result<Operator, Problem> {
    Operator::sign_in_with_code(&stage.running.url, login, PASSWORD, code).await
}

fn refused(result: Result<Operator, Problem>) -> ProblemCode {
    code(result.map(|operator| operator.me))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_counts_once_a_code_was_confirmed_and_each_code_opens_once() {
    let stage = Stage::new().await;
    let (olivia, elsewhere) = (stage.olivia().await, stage.olivia().await);
    let wrong = BeginSecondFactor { current_password: Secret::new("not it") };
    let answer = olivia.post::<SecondFactorSetup>("me/second-factor", &wrong).await;
    assert_eq!(code(answer), ProblemCode::WrongPassword);
    assert_eq!(code(confirm(&olivia, "123456").await), ProblemCode::Invalid, "nothing was begun");

    let setup = begin(&olivia).await.unwrap();
    assert!(setup.link.expose().starts_with("otpauth://totp/Example%20Support:olivia?"));
    sign_in(&stage, "olivia", None).await.map(|_| ()).expect("it is not confirmed yet");
    assert_eq!(code(confirm(&olivia, "000000").await), ProblemCode::WrongSecondFactor);
    let app = App::new(&begin(&olivia).await.unwrap());
    let stale = App::new(&setup).code(&stage);
    assert_eq!(code(confirm(&olivia, &stale).await), ProblemCode::WrongSecondFactor, "of an earlier key");
    let first = app.code(&stage);
    assert_eq!(confirm(&olivia, &first).await.unwrap().recovery_codes.len(), 10);
    assert_eq!(code(elsewhere.get::<Me>("me").await), ProblemCode::Unauthenticated);
    assert_eq!(code(begin(&olivia).await), ProblemCode::Forbidden, "there is one");

    assert_eq!(refused(sign_in(&stage, "olivia", None).await), ProblemCode::SecondFactorRequired);
    let wrong_password = Operator::sign_in_with_code(&stage.running.url, "olivia", "not it", Some("1")).await;
    assert_eq!(refused(wrong_password), ProblemCode::Unauthenticated, "nothing is told to a guesser");
    assert_eq!(
        refused(sign_in(&stage, "olivia", Some(&first)).await),
        ProblemCode::WrongSecondFactor,
        "used"
    );
    let next = app.next_code(&stage);
    sign_in(&stage, "olivia", Some(&next)).await.map(|_| ()).unwrap();
    assert_eq!(refused(sign_in(&stage, "olivia", Some(&next)).await), ProblemCode::WrongSecondFactor, "used");
    let skipped = app.next_code(&stage);
    let later = app.next_code(&stage);
    sign_in(&stage, "olivia", Some(&later)).await.map(|_| ()).unwrap();
    let old = sign_in(&stage, "olivia", Some(&skipped)).await;
    assert_eq!(refused(old), ProblemCode::WrongSecondFactor, "older than one that was used");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_opens_once_and_new_ones_void_the_others() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (app, codes) = set_up(&stage, &olivia).await;
    let typed = codes[0].expose().replace('-', " ").to_uppercase();
    let again = sign_in(&stage, "olivia", Some(&typed)).await.unwrap();
    let view: SecondFactorView = again.get("me/second-factor").await.unwrap();
    assert_eq!((view.recovery_codes_left, view.required, view.since.is_some()), (9, false, true));
    let reused = sign_in(&stage, "olivia", Some(codes[0].expose())).await;
    assert_eq!(refused(reused), ProblemCode::WrongSecondFactor);

    let prove =
        |code: &str| ProveSecondFactor { current_password: Secret::new(PASSWORD), code: Secret::new(code) };
    let renew = "me/second-factor/recovery-codes";
    let answer = olivia.post::<RecoveryCodes>(renew, &prove("000000")).await;
    assert_eq!(code(answer), ProblemCode::WrongSecondFactor);
    let fresh: RecoveryCodes = olivia.post(renew, &prove(&app.next_code(&stage))).await.unwrap();
    let void = sign_in(&stage, "olivia", Some(codes[1].expose())).await;
    assert_eq!(refused(void), ProblemCode::WrongSecondFactor);
    let remove = prove(fresh.recovery_codes[0].expose());
    olivia.post::<()>("me/second-factor/remove", &remove).await.unwrap();
    sign_in(&stage, "olivia", None).await.map(|_| ()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_codes_is_stopped_for_the_account_and_noted() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (app, _) = set_up(&stage, &olivia).await;
    for _ in 0..5 {
        assert_eq!(refused(sign_in(&stage, "olivia", Some("000000")).await), ProblemCode::WrongSecondFactor);
    }
    let right = app.next_code(&stage);
    assert_eq!(refused(sign_in(&stage, "olivia", Some(&right)).await), ProblemCode::TooManyAttempts);
    let log: AuditPage = olivia.get("audit?action=sign_in_failed").await.unwrap();
    assert_eq!(log.entries.len(), 5);
    stage.clock.advance(Duration::from_secs(15 * 60 + 1));
    sign_in(&stage, "olivia", Some(&app.code(&stage))).await.map(|_| ()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_second_factor_is_demanded_nothing_else_is_answered_until_it_is_there() {
    let stage = Stage::new().await;
    let (olivia, oscar) = (stage.olivia().await, stage.oscar().await);
    let demand = ChangePolicy { second_factor_required: true };
    let settings: OrganisationSettings = olivia.put("organisation/policy", &demand).await.unwrap();
    assert!(settings.second_factor_required);
    assert_eq!(code(oscar.get::<Me>("me").await), ProblemCode::Unauthenticated, "signed out");
    let answer = olivia.get::<Vec<InvitationView>>("invitations").await;
    assert_eq!(code(answer), ProblemCode::SecondFactorSetupRequired, "also who demanded it");
    assert!(olivia.get::<Me>("me").await.unwrap().must_set_second_factor);

    let oscar = sign_in(&stage, "oscar", None).await.unwrap();
    assert!(oscar.me.must_set_second_factor);
    let (oscars_app, oscars_codes) = set_up(&stage, &oscar).await;
    oscar.get::<Vec<InvitationView>>("invitations").await.unwrap();
    let proof = ProveSecondFactor { current_password: Secret::new(PASSWORD), code: oscars_codes[0].clone() };
    let answer = oscar.post::<()>("me/second-factor/remove", &proof).await;
    assert_eq!(code(answer), ProblemCode::Forbidden);
    sign_in(&stage, "oscar", Some(oscars_codes[0].expose())).await.map(|_| ()).expect("it was not used up");

    let (_, _) = set_up(&stage, &olivia).await;
    let accounts: Vec<AccountView> = olivia.get("operators").await.unwrap();
    assert!(accounts.iter().all(|account| account.second_factor));
    let oscars = accounts.iter().find(|account| account.login == "oscar").unwrap();
    let path = format!("operators/{}/second-factor", oscars.operator.id);
    let account: AccountView = olivia.send(Method::DELETE, &path, None::<&()>).await.unwrap();
    assert!(!account.second_factor);
    assert_eq!(code(oscar.get::<Me>("me").await), ProblemCode::Unauthenticated);
    let lost = sign_in(&stage, "oscar", Some(&oscars_app.next_code(&stage))).await.unwrap();
    assert!(lost.me.must_set_second_factor, "the code did not matter");
    let own = format!("operators/{}/second-factor", olivia.me.operator.id);
    let answer = olivia.send::<AccountView>(Method::DELETE, &own, None::<&()>).await;
    assert_eq!(code(answer), ProblemCode::Forbidden);
    let log: AuditPage = olivia.get("audit?action=second_factor_reset").await.unwrap();
    assert_eq!(log.entries[0].action, AuditAction::SecondFactorReset);
    assert_eq!(log.entries[0].about.as_deref(), Some("Oscar Example"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_runs_the_service_can_take_a_lost_second_factor_away() {
    let stage = Stage::new().await;
    set_up(&stage, &stage.olivia().await).await;
    assert_eq!(refused(sign_in(&stage, "olivia", None).await), ProblemCode::SecondFactorRequired);
    stage.admin().update_operator("olivia", None, None, false, true).unwrap();
    sign_in(&stage, "olivia", None).await.map(|_| ()).unwrap();
}
