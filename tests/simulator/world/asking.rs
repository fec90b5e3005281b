//! What is asked of a house: by customers with their habits, by the provider's system, by whoever
//! did not get an answer; for the first time, again, or at the very instant of something due.

use std::time::Duration;

use futures_util::future::join;
use renewd::actors::{ExecuteError, Lane, Receipt, Request, Token};
use renewd::domain::account::Account;
use renewd::domain::calendar::Timestamp;
use renewd::domain::command::{Answer, Command};
use renewd::domain::ids::{AccountId, CampaignId, OrderId, StreamId};
use renewd::domain::nouns::campaign::{Terms, Validity};
use renewd::domain::nouns::coupon::{Benefit, Scope};
use renewd::domain::record::Cause;
use renewd::domain::verbs;
use renewd::store::ClaimKind;

use super::{Plan, Sent, World};
use crate::habits::{Customer, Wish, parsed, usd};
use crate::history::Asked;

const CAMPAIGN: CampaignId = CampaignId::from_bits(11);
/// A request is made again so often until somebody answers.
const TRIES_MAX: u32 = 6;

impl World {
    /// The provider's system hears of an order that it is to deliver.
    pub(super) fn heard(&mut self, body: &str) {
        // Most of what it hears is not for it, and need not be read.
        if !body.contains("\"order.processing\"") {
            return;
        }
        let told: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
        if told["type"] != "order.processing" {
            return;
        }
        let id = told["data"]["order"]["id"].as_str().unwrap_or_default();
        let order: OrderId = parsed(id);
        let does = self.random.weighted(&[(8, true), (2, false)]);
        let mut answers = vec![does];
        if self.random.chance(250) {
            answers.push(if self.random.chance(800) { does } else { !does });
        }
        for delivered in answers {
            let command = if delivered {
                Command::Provisioned(verbs::deliver::Provisioned { order })
            } else {
                let detail = None;
                Command::ProvisionFailed(verbs::deliver::ProvisionFailed { order, detail })
            };
            let asked = self.wished(order.account.into(), Wish::of(command), true);
            let wait = match self.random.below(4) {
                0 | 1 => self.random.seconds(0, 60),
                2 => self.random.seconds(60, 9_000),
                _ => self.random.seconds(9_000, 120_000),
            };
            self.plan(self.now.plus(wait), Plan::Ask { asked, tries: 0 });
        }
    }

    /// A customer asks for something, perhaps at the very instant at which something is due.
    pub(super) fn act(&mut self, at: Timestamp, place: usize) {
        let races = self.setting.social && self.random.chance(250);
        self.reach(if races { at.minus(Duration::from_secs(1)) } else { at });
        let peers: Vec<AccountId> = self.customers.iter().map(|customer| customer.id).collect();
        let now = if self.setting.social { self.now.max(at) } else { at };
        let customer = &mut self.customers[place];
        let id = customer.id;
        let account = self.history.streams.get(&id.into()).and_then(|of| of.state.account());
        let (wish, next) = match account {
            None | Some(Account::Unopened(_)) => {
                (Some(customer.opening()), customer.next_at(now, None))
            }
            Some(Account::Open(open)) => {
                let wish = customer.wish(open, &peers, now);
                (wish, customer.next_at(now, Some(open)))
            }
            // Who has left comes back some day, as somebody else with the same address.
            Some(Account::Closed(_)) => {
                // Where accounts have nothing to do with each other, nobody waits for an address.
                let person = customer.person + if self.setting.social { 0 } else { 100 };
                *customer = customer.again(person);
                (None, now.plus(self.random.seconds(0, 900_000)))
            }
        };
        self.plan(next.max(now), Plan::Act(place));
        let Some(wish) = wish.filter(|wish| self.setting.social || !is_social(&wish.command))
        else {
            return self.reach(at);
        };
        let wants_code = matches!(wish.command, Command::RequestClosure(_));
        let has_token = self.random.chance(800);
        let asked = self.wished(id.into(), wish, has_token);
        if wants_code {
            // The code is good for ten minutes only.
            let soon = now.plus(self.random.seconds(20, 500));
            self.plan(soon, Plan::Act(place));
        }
        if races {
            self.race(at, asked);
        }
        self.ask(asked, 0);
    }

    /// The clock reaches `at` while the request is on its way.
    fn race(&mut self, at: Timestamp, asked: usize) {
        let (stream, request) = (self.history.asked[asked].stream, self.requests[asked].clone());
        if request.token.is_none() {
            return self.reach(at);
        }
        self.script.push(Sent { at, stream, request: request.clone() });
        let raced = self.up().run(async |app, stepper| {
            let asks = app.accounts.execute(stream, request);
            join(stepper.advance_to(at, |_| ()), asks).await
        });
        match raced {
            None => self.died(),
            Some((stepped, answer)) => {
                if let Err(error) = stepped {
                    self.failed(&error);
                }
                if let Ok(receipt) = answer {
                    self.answered(asked, &receipt);
                }
            }
        }
        self.reach(at);
    }

    /// Writes a request, to be made under a token if it has one.
    pub(super) fn wished(&mut self, stream: StreamId, wish: Wish, has_token: bool) -> usize {
        let place = self.requests.len();
        let claims = if let Command::Open(open) = &wish.command {
            let of = self.customers.iter().find(|customer| customer.id == open.account);
            let email = of.map(Customer::email).unwrap_or_default();
            vec![self.site.sealer.claim(ClaimKind::Email, &email)]
        } else {
            Vec::new()
        };
        let words = if self.told { format!("{:?}", wish.command) } else { String::new() };
        let cause = Cause::Operator { uid: 0 };
        let mut request = Request::new(wish.command, cause, Lane::People);
        request.sidecar = wish.sidecar;
        request.claims = claims;
        let text = has_token.then(|| format!("t{place}"));
        request.token = text.clone().map(|text| Token { text, fingerprint: [1; 32] });
        self.requests.push(request);
        let (at, answers) = (self.now, Vec::new());
        self.history.asked.push(Asked { stream, token: text, at, words, answers });
        place
    }

    pub(super) fn send(&mut self, stream: StreamId, wish: Wish, has_token: bool) {
        let asked = self.wished(stream, wish, has_token);
        self.ask(asked, 0);
    }

    /// Makes a request, for the first time or again.
    pub(super) fn ask(&mut self, asked: usize, tries: u32) {
        let (stream, request) = (self.history.asked[asked].stream, self.requests[asked].clone());
        let has_token = request.token.is_some();
        let words = self.history.asked[asked].words.clone();
        self.tell(|| format!("asked of {stream} ({asked}, try {tries}): {words}"));
        let sent = request.clone();
        let now = self.now.max(self.up().now());
        self.script.push(Sent { at: now, stream, request: sent });
        let answer = self.up().run(async |app, _| app.accounts.execute(stream, request).await);
        match answer {
            None => self.died(),
            Some(Ok(receipt)) => {
                self.answered(asked, &receipt);
                self.follow_up(&receipt);
                if has_token && self.setting.hostile && self.random.chance(120) {
                    let wait = self.random.weighted(&[(2, 3), (1, 4_000), (1, 500_000)]);
                    let later = self.now.plus(self.random.seconds(0, wait));
                    self.plan(later, Plan::Ask { asked, tries: TRIES_MAX });
                }
                return;
            }
            Some(Err(ExecuteError::Rejected(rejection))) => {
                self.tell(|| format!("rejected: {rejection}"));
                return;
            }
            Some(Err(error)) => {
                self.failed_at = self.now;
                self.tell(|| format!("not answered: {error}"));
            }
        }
        self.failed_at = self.now;
        if has_token && tries < TRIES_MAX {
            let wait = self.random.weighted(&[(4, 10), (2, 4_000), (1, 80_000)]);
            let later = self.now.plus(self.random.seconds(0, wait));
            self.plan(later, Plan::Ask { asked, tries: tries + 1 });
        }
    }

    fn answered(&mut self, asked: usize, receipt: &Receipt) {
        let answer = serde_json::to_string(&receipt.answer).unwrap_or_default();
        self.tell(|| format!("answered in {}: {answer}", receipt.seq));
        self.history.asked[asked].answers.push((receipt.seq, answer, receipt.replayed));
    }

    /// Where somebody waits for what another stream says, the door does not wait for the relay.
    fn follow_up(&mut self, receipt: &Receipt) {
        let (receipt, is_soon) = (receipt.clone(), self.random.chance(500));
        if !is_soon {
            return;
        }
        let done = if let Answer::Transferred { number, .. } = receipt.answer {
            self.up()
                .run(async |app, _| app.accounts.transfer_now(&receipt, number).await.map(drop))
        } else if let Answer::Document { document } = &receipt.answer {
            self.up().run(async |app, _| app.accounts.number_now(&receipt, document.id).await)
        } else {
            return;
        };
        match done {
            None => self.died(),
            Some(Ok(())) => {}
            Some(Err(error)) => {
                self.failed_at = self.now;
                self.tell(|| format!("not told at once: {error}"));
            }
        }
    }

    pub(super) fn campaign(&mut self, at: Timestamp) {
        if !self.history.streams.contains_key(&StreamId::Campaign(CAMPAIGN)) {
            let terms = Terms {
                name: "spring".to_owned(),
                description: String::new(),
                benefit: Benefit::Cash { value: usd(500) },
                scope: Scope::default(),
                quota: Some(u32::try_from(self.random.within(1, 6)).unwrap_or(1)),
                per_account: 2,
                starts_at: at,
                ends_at: at.plus(Duration::from_hours(60 * 24)),
                validity: Validity::Days(20),
                has_code: false,
            };
            let open = verbs::campaign::OpenCampaign { terms };
            let wish = Wish::of(Command::OpenCampaign(open));
            return self.send(StreamId::Campaign(CAMPAIGN), wish, true);
        }
        let accounts: Vec<AccountId> = self.history.accounts().map(|(id, _)| id).collect();
        let Some(account) = self.random.pick(&accounts).copied() else { return };
        let take = verbs::campaign::Take { accounts: vec![account] };
        self.send(StreamId::Campaign(CAMPAIGN), Wish::of(Command::Take(take)), true);
    }
}

/// Does it concern another stream as well?
fn is_social(command: &Command) -> bool {
    matches!(command, Command::Transfer(_) | Command::IssueInvoice(_))
}
