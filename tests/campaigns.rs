//! A campaign and its accounts are streams that only speak by the relay: does every coupon that is
//! taken arrive once, whoever crashes, and does what cannot arrive come back?

#![expect(clippy::expect_used, reason = "a test says what it expects")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;
use renewd::actors::{ExecuteError, Lane, Receipt, Request, Token, tell};
use renewd::app::App;
use renewd::check::check;
use renewd::clock::Clock;
use renewd::config::{Config, MailBackend};
use renewd::domain::account::{Kind, Terms as AccountTerms};
use renewd::domain::calendar::{Timestamp, Zone};
use renewd::domain::command::{Answer, Command};
use renewd::domain::event::SealedRef;
use renewd::domain::ids::{AccountId, CampaignId, StreamId};
use renewd::domain::money::Money;
use renewd::domain::nouns::campaign::{Terms, Validity};
use renewd::domain::nouns::coupon::{Benefit, Coupon, Scope};
use renewd::domain::record::Cause;
use renewd::domain::rejection::Rejection;
use renewd::domain::verbs::campaign::{CloseCampaign, OpenCampaign, Take};
use renewd::domain::verbs::open::Open;
use renewd::store::memory::MemoryStore;
use renewd::store::sqlite::SqliteStore;
use renewd::store::{
    CampaignQuery, Channel, Delivery, DeliveryQuery, DeliveryState, EffectKey, Handle,
};

const CAMPAIGN: CampaignId = CampaignId::from_bits(11);
const CODE: &str = "Spring-2026";

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn now() -> Timestamp {
    at("2026-05-02T12:00:00Z")
}

fn account(number: u64) -> AccountId {
    AccountId::from_bits(number)
}

/// The house over a store that outlives it.
struct World {
    directory: PathBuf,
    store: Handle,
    on_disk: bool,
    house: Option<App>,
}

impl World {
    async fn start() -> Self {
        Self::over(false).await
    }

    async fn on_disk() -> Self {
        Self::over(true).await
    }

    async fn over(on_disk: bool) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("renewd-campaigns-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).expect("a directory");
        let store: Handle = if on_disk { disk(&directory).await } else { memory() };
        let house = Some(house(&directory, &store).await);
        Self { directory, store, on_disk, house }
    }

    fn house(&self) -> &App {
        self.house.as_ref().expect("a house that runs")
    }

    /// The house ends here, and another one starts over what it left.
    async fn crash(&mut self) {
        if let Some(house) = self.house.take() {
            house.close().await;
        }
        if self.on_disk {
            // Two cannot have the file open.
            self.store = memory();
            self.store = disk(&self.directory).await;
        }
        self.house = Some(house(&self.directory, &self.store).await);
    }

    async fn execute(
        &self,
        stream: impl Into<StreamId>,
        command: Command,
        token: Option<&str>,
    ) -> Result<Receipt, ExecuteError> {
        let mut request = Request::new(command, Cause::Operator { uid: 0 }, Lane::People);
        request.token = token.map(|text| Token { text: text.to_owned(), fingerprint: [1; 32] });
        self.house().accounts.execute(stream.into(), request).await
    }

    async fn open_accounts(&self, numbers: std::ops::RangeInclusive<u64>) {
        for number in numbers {
            let terms = AccountTerms {
                kind: Kind::Corporate,
                currency: "USD".parse().expect("a currency"),
                country: None,
                zone: Zone::UTC,
                language: "en".to_owned(),
            };
            let open = Open { account: account(number), terms, profile: SealedRef(0) };
            let cause = Cause::Operator { uid: 0 };
            let mut request = Request::new(Command::Open(open), cause, Lane::People);
            request.sidecar = vec![format!(r#"{{"name":"A","email":"{number}@x.example"}}"#)];
            let opened = self.house().accounts.execute(account(number).into(), request).await;
            opened.expect("an account");
        }
    }

    async fn open(&self, id: CampaignId, terms: Terms) -> Result<Receipt, ExecuteError> {
        let accounts = &self.house().accounts;
        let claims = if terms.has_code { vec![accounts.claim_on_code(CODE)] } else { Vec::new() };
        let command = Command::OpenCampaign(OpenCampaign { terms });
        let mut request = Request::new(command, Cause::Operator { uid: 0 }, Lane::People);
        request.claims = claims;
        accounts.execute(StreamId::Campaign(id), request).await
    }

    async fn take(&self, numbers: &[u64], token: &str) -> Result<Receipt, ExecuteError> {
        let accounts = numbers.iter().map(|number| account(*number)).collect();
        let take = Command::Take(Take { accounts });
        self.execute(StreamId::Campaign(CAMPAIGN), take, Some(token)).await
    }

    /// The relay runs until nothing waits.
    async fn relay(&self) {
        let sender = &self.house().sender;
        while !sender.run_once(now()).await.expect("a run").is_idle() {}
    }

    async fn coupons(&self, number: u64) -> Vec<Coupon> {
        let view = self.house().accounts.view(account(number).into()).await.expect("a view");
        let open = view.state.account().and_then(|account| account.open()).expect("an account");
        open.coupons.values().map(|coupon| coupon.as_ref().clone()).collect()
    }

    async fn taken(&self) -> u32 {
        let row = self.store.campaign(CAMPAIGN).await.expect("read").expect("a campaign");
        row.taken
    }

    /// What was told, and how that stands.
    async fn told(&self) -> Vec<(String, DeliveryState, String)> {
        let query =
            DeliveryQuery { channel: Some(Channel::Tell), limit: 99, ..DeliveryQuery::default() };
        let mut found = self.store.deliveries(query).await.expect("read");
        found.sort_by_key(Delivery::key);
        let told = |key: EffectKey| format!("{}/{}/{}", key.stream, key.seq, key.n);
        found.into_iter().map(|it| (told(it.key()), it.state, it.outcome)).collect()
    }

    async fn check(&self) {
        let checked = check(&self.store, |_| {}).await.expect("a check");
        assert_eq!(checked.findings, []);
        assert!(checked.record_count > 0);
    }

    async fn close(mut self) {
        self.check().await;
        if let Some(house) = self.house.take() {
            house.close().await;
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn memory() -> Handle {
    Arc::new(MemoryStore::new())
}

async fn disk(directory: &Path) -> Handle {
    Arc::new(SqliteStore::open(directory.join("renewd.db")).await.expect("a store"))
}

async fn house(directory: &Path, store: &Handle) -> App {
    let mut config = Config::default();
    config.daemon.data = directory.to_owned();
    config.mail.backend = MailBackend::Memory;
    let clock = Clock::manual(now());
    App::start_over(&config, clock, None, Arc::clone(store)).await.expect("a house")
}

fn terms() -> Terms {
    Terms {
        name: "Spring".to_owned(),
        description: "10 off in spring".to_owned(),
        benefit: Benefit::Cash { value: money("USD") },
        scope: Scope::default(),
        quota: Some(10),
        per_account: 1,
        starts_at: at("2026-05-01T00:00:00Z"),
        ends_at: at("2026-06-01T00:00:00Z"),
        validity: Validity::Days(30),
        has_code: false,
    }
}

fn money(currency: &str) -> Money {
    Money::from_minor(1_000, currency.parse().expect("a currency"))
}

#[actix_rt::test]
async fn what_was_taken_arrives_once_although_the_house_crashed_before_it_was_told() {
    let mut world = World::start().await;
    world.open_accounts(1..=2).await;
    world.open(CAMPAIGN, terms()).await.expect("a campaign");
    world.take(&[1, 2], "t").await.expect("taken");
    assert!(world.coupons(1).await.is_empty());
    world.crash().await;
    world.relay().await;
    for number in 1..=2 {
        let coupons = world.coupons(number).await;
        let [coupon] = coupons.as_slice() else { panic!("{coupons:?}") };
        assert_eq!((coupon.campaign, coupon.balance), (Some(CAMPAIGN), Some(money("USD"))));
    }
    world.relay().await;
    assert!(world.take(&[1, 2], "t").await.expect("the same answer").replayed);
    world.relay().await;
    assert_eq!((world.coupons(1).await.len(), world.taken().await), (1, 2));
    world.close().await;
}

#[actix_rt::test]
async fn a_coupon_is_there_at_once_and_the_relay_adds_none() {
    let world = World::start().await;
    world.open_accounts(1..=1).await;
    world.open(CAMPAIGN, Terms { per_account: 2, ..terms() }).await.expect("a campaign");
    let receipt = world.take(&[1], "t").await.expect("taken");
    let accounts = &world.house().accounts;
    let granted = accounts.tell_now(&receipt, 0).await.expect("told").expect("an effect");
    let Answer::Coupon { coupon } = &granted.answer else { panic!("{granted:?}") };
    assert_eq!(world.coupons(1).await, [coupon.as_ref().clone()]);
    // The customer asks again, the relay comes, and the customer asks once more.
    let again = world.take(&[1], "t").await.expect("the same answer");
    assert!(again.replayed);
    let same = accounts.tell_now(&again, 0).await.expect("told").expect("an effect");
    assert_eq!((same.replayed, &same.answer), (true, &granted.answer));
    world.relay().await;
    let told = world.told().await;
    let [(key, DeliveryState::Sent, outcome)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(*key, format!("{CAMPAIGN}/2/0"));
    assert!(outcome.ends_with("had it in record 2 already"), "{outcome}");
    let late = accounts.tell_now(&again, 0).await.expect("told").expect("an effect");
    assert_eq!(late.answer, granted.answer);
    assert_eq!(world.coupons(1).await.len(), 1);
    assert_eq!(
        accounts.tell_now(&receipt, 1).await.expect("told"),
        None,
        "there is no such effect"
    );
    let other = Receipt { seq: 1, ..receipt };
    assert_eq!(accounts.tell_now(&other, 0).await.expect("told"), None, "opening told nothing");
    world.close().await;
}

#[actix_rt::test]
async fn what_an_account_declines_is_told_back() {
    let world = World::start().await;
    world.open_accounts(1..=1).await;
    let euros = Benefit::Cash { value: money("EUR") };
    world.open(CAMPAIGN, Terms { benefit: euros, ..terms() }).await.expect("a campaign");
    let receipt = world.take(&[1], "t").await.expect("taken");
    assert_eq!(world.taken().await, 1);
    let declined = world.house().accounts.tell_now(&receipt, 0).await.expect("told");
    let answer = declined.map(|receipt| receipt.answer);
    assert!(matches!(answer, Some(Answer::CouponDeclined { .. })), "{answer:?}");
    world.relay().await;
    assert_eq!((world.taken().await, world.coupons(1).await.len()), (0, 0));
    world.relay().await;
    assert_eq!(world.taken().await, 0);
    world.close().await;
}

#[actix_rt::test]
async fn an_account_that_is_not_there_gets_nothing_taken() {
    let world = World::start().await;
    world.open_accounts(1..=1).await;
    world.open(CAMPAIGN, terms()).await.expect("a campaign");
    let missing = world.take(&[1, 2], "t").await.expect_err("nobody");
    let ExecuteError::Rejected(Rejection::UnknownAccounts { accounts }) = missing else {
        panic!("{missing}")
    };
    assert_eq!(accounts, [account(2)]);
    let alone = world.take(&[2], "u").await.expect_err("nobody");
    assert!(matches!(alone, ExecuteError::Rejected(Rejection::AccountNotFound)), "{alone}");
    assert_eq!((world.taken().await, world.told().await), (0, Vec::new()));
    world.close().await;
}

/// A request of the account's own that came under the very token of the effect: the account
/// refuses the coupon for good.
#[actix_rt::test]
async fn what_an_account_refuses_is_told_back_once() {
    let mut world = World::start().await;
    world.open_accounts(1..=2).await;
    world.open(CAMPAIGN, terms()).await.expect("a campaign");
    let token = format!("{CAMPAIGN}/2/1");
    world.execute(account(2), Command::Advance, Some(&token)).await.expect("done");
    let receipt = world.take(&[1, 2], "t").await.expect("taken");
    assert_eq!((receipt.seq, world.taken().await), (2, 2));
    // At once, by the relay after a crash, and at once again.
    let now = world.house().accounts.tell_now(&receipt, 1).await;
    assert!(matches!(now, Err(ExecuteError::Rejected(Rejection::TokenMismatch))), "{now:?}");
    assert_eq!(world.taken().await, 1);
    world.crash().await;
    world.relay().await;
    let _ = world.house().accounts.tell_now(&receipt, 1).await;
    let told = world.told().await;
    assert_eq!(told[1].1, DeliveryState::Sent);
    assert!(told[1].2.ends_with("rejected it: IdempotenceParamNotMatch"), "{told:?}");
    assert_eq!((world.coupons(1).await.len(), world.coupons(2).await.len()), (1, 0));
    assert_eq!(world.taken().await, 1);
    world.close().await;
}

/// The account answers that it is not there, and the campaign cannot be reached just then: the
/// refusal is no answer before what was taken is back.
#[actix_rt::test]
async fn a_refusal_is_answered_only_when_the_quota_is_whole_again() {
    let key = EffectKey { stream: StreamId::Campaign(CAMPAIGN), seq: 2, n: 1 };
    let world = World::start().await;
    world.open_accounts(1..=1).await;
    world.open(CAMPAIGN, terms()).await.expect("a campaign");
    let state = world.house().accounts.view(key.stream).await.expect("a view").state;
    let renewd::domain::stream::State::Campaign(campaign) = state else { panic!("{state:?}") };
    let grant = renewd::domain::verbs::campaign::grant(&campaign).expect("a coupon");
    let asked = std::cell::RefCell::new(Vec::new());
    let deaf = async |to: StreamId, request: Request| {
        asked.borrow_mut().push((to, request.token.map(|token| token.text), request.command));
        match to {
            StreamId::Account(_) => Err(ExecuteError::Rejected(Rejection::AccountNotFound)),
            StreamId::Campaign(_) | StreamId::House | StreamId::Series(_) => {
                Err(ExecuteError::Busy)
            }
        }
    };
    let (to, command) = (account(9).into(), Command::GrantCoupon(grant));
    let told = tell::tell(deaf, key, to, command.clone(), Lane::Clockwork).await;
    assert!(matches!(told, Err(ExecuteError::Busy)), "{told:?}");
    let asked = asked.into_inner();
    let [(first, first_token, _), (second, second_token, back)] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert_eq!((*first, *second), (to, key.stream));
    assert_eq!(first_token.as_deref(), Some(format!("{CAMPAIGN}/2/1").as_str()));
    assert_eq!(second_token.as_deref(), Some(format!("{CAMPAIGN}/2/1/back").as_str()));
    assert!(matches!(back, Command::GiveBack(back) if back.account == account(9)), "{back:?}");
    // With the real ones: the account is not there, and the campaign knows nothing to put back.
    let accounts = &world.house().accounts;
    let real = async |to, request| accounts.execute(to, request).await;
    let told = tell::tell(real, key, to, command, Lane::Clockwork).await;
    assert!(matches!(told, Err(ExecuteError::Rejected(Rejection::AccountNotFound))), "{told:?}");
    world.close().await;
}

#[actix_rt::test]
async fn fifty_at_once_get_the_ten_that_there_are() {
    for world in [World::start().await, World::on_disk().await] {
        world.open_accounts(1..=50).await;
        world.open(CAMPAIGN, terms()).await.expect("a campaign");
        let redeem = |number: u64| {
            let world = &world;
            async move {
                let receipt = world.take(&[number], &format!("t{number}")).await?;
                world.house().accounts.tell_now(&receipt, 0).await
            }
        };
        // Each impatiently, twice at once under the same token.
        let all = join_all((1..=50).chain(1..=50).map(redeem)).await;
        let got = all.iter().take(50).filter(|one| one.is_ok()).count();
        for refused in all.iter().filter_map(|one| one.as_ref().err()) {
            let exhausted =
                matches!(refused, ExecuteError::Rejected(Rejection::QuotaExhausted { .. }));
            assert!(exhausted, "{refused}");
        }
        world.relay().await;
        let mut granted = 0;
        for number in 1..=50 {
            let coupons = world.coupons(number).await.len();
            assert!(coupons <= 1, "{number} has {coupons}");
            granted += coupons;
        }
        assert_eq!((got, granted, world.taken().await), (10, 10, 10));
        world.close().await;
    }
}

#[actix_rt::test]
async fn a_code_belongs_to_one_campaign_and_its_case_matters() {
    for world in [World::start().await, World::on_disk().await] {
        let coded = Terms { has_code: true, ..terms() };
        world.open(CAMPAIGN, coded.clone()).await.expect("a campaign");
        let accounts = &world.house().accounts;
        assert_eq!(accounts.campaign_of(CODE).await.expect("found"), CAMPAIGN);
        for wrong in ["spring-2026", "SPRING-2026", "Spring-2026 ", ""] {
            let unknown = accounts.campaign_of(wrong).await.expect_err("unknown");
            assert!(matches!(unknown, ExecuteError::Rejected(Rejection::UnknownCode)), "{wrong}");
        }
        let taken = world.open(CampaignId::from_bits(12), coded).await.expect_err("taken");
        assert!(matches!(taken, ExecuteError::Rejected(Rejection::CodeTaken)), "{taken}");
        let query = CampaignQuery { limit: 9, ..CampaignQuery::default() };
        let listed = world.store.campaigns(query).await.expect("read");
        assert_eq!(listed.iter().map(|row| row.id).collect::<Vec<_>>(), [CAMPAIGN]);
        // The book does not know the code.
        let journal = world.store.journal(StreamId::Campaign(CAMPAIGN), 0, 9).await.expect("read");
        assert!(journal.iter().all(|record| !record.body.contains(CODE)));
        world.close().await;
    }
}

#[actix_rt::test]
async fn a_campaign_survives_its_house_and_is_found_by_the_check() {
    let mut world = World::on_disk().await;
    world.open_accounts(1..=3).await;
    world.open(CAMPAIGN, terms()).await.expect("a campaign");
    world.take(&[1, 2], "t").await.expect("taken");
    let close = Command::CloseCampaign(CloseCampaign {});
    world.execute(StreamId::Campaign(CAMPAIGN), close, None).await.expect("closed");
    world.crash().await;
    let late = world.take(&[3], "u").await.expect_err("closed");
    let closed =
        Rejection::CampaignNotRunning { starts_at: at("2026-05-01T00:00:00Z"), ends_at: now() };
    assert!(matches!(late, ExecuteError::Rejected(rejection) if rejection == closed));
    let row = world.store.campaign(CAMPAIGN).await.expect("read").expect("a campaign");
    assert_eq!((row.taken, row.closed_at, row.opened_at), (2, Some(now()), now()));
    assert_eq!(row.terms, terms());
    // A row that does not follow from the journal is found.
    let loaded = world.store.load_many(&[StreamId::Campaign(CAMPAIGN)], "").await.expect("read");
    let head = loaded.into_iter().flatten().next().expect("a stream").head;
    let body = "{}".to_owned();
    let wrong = renewd::store::Commit {
        stream: StreamId::Campaign(CAMPAIGN),
        expected_seq: head.seq,
        records: Vec::new(),
        head,
        claims: Vec::new(),
        tokens: Vec::new(),
        key: None,
        sealed: Vec::new(),
        seen: Vec::new(),
        rows: vec![renewd::domain::rows::Row::Campaign(Box::new(
            renewd::domain::rows::CampaignRow { taken: 9, ..row },
        ))],
        entries: Vec::new(),
        voids: Vec::new(),
        outbox: Vec::new(),
        snapshot: Some(renewd::store::Snapshot { seq: 1, build: String::new(), body }),
        erase: false,
    };
    world.store.write(vec![wrong], Vec::new()).await.expect("written");
    let checked = check(&world.store, |_| {}).await.expect("a check");
    let findings: Vec<_> = checked.findings.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(findings, [format!("campaign {CAMPAIGN} differs from the replay")]);
    if let Some(house) = world.house.take() {
        house.close().await;
    }
}

/// A long journal is read from its snapshot on: what every account got is in there too.
#[actix_rt::test]
async fn a_long_campaign_goes_on_where_it_stood() {
    let mut world = World::on_disk().await;
    world.open_accounts(1..=2).await;
    world.open(CAMPAIGN, Terms { quota: None, per_account: 301, ..terms() }).await.expect("open");
    world.take(&[1; 300], "t").await.expect("taken");
    let stream = StreamId::Campaign(CAMPAIGN);
    let build = env!("RENEWD_DOMAIN_HASH");
    let loaded = world.store.load_many(&[stream], build).await.expect("read");
    let loaded = loaded.into_iter().flatten().next().expect("a stream");
    assert!(loaded.snapshot.is_some() && loaded.tail.is_empty(), "{loaded:?}");
    world.crash().await;
    assert!(world.take(&[1; 300], "t").await.expect("the same answer").replayed);
    world.take(&[1, 2], "u").await.expect("taken");
    let limit = world.take(&[1], "v").await.expect_err("it has them");
    let expected = Rejection::CampaignLimit { account: account(1), limit: 301 };
    assert!(matches!(limit, ExecuteError::Rejected(rejection) if rejection == expected));
    assert_eq!(world.taken().await, 302);
    world.relay().await;
    assert_eq!((world.coupons(1).await.len(), world.coupons(2).await.len()), (301, 1));
    world.close().await;
}
