//! What one stream tells another: the request that it becomes, and what happens if it is refused.
//!
//! The relay delivers what streams tell each other. Where somebody waits for the outcome (a coupon
//! for a redemption code), the door delivers it at once by the same functions, so under the same
//! token: whoever comes second is answered what the first one was. If nobody comes before a crash,
//! the relay does.

use super::{Accounts, ExecuteError, Lane, Receipt, Request, Token};
use crate::domain::command::Command;
use crate::domain::effects::Effect;
use crate::domain::ids::{CampaignId, DocumentId, StreamId};
use crate::domain::record::Cause;
use crate::domain::rejection::Rejection;
use crate::domain::verbs::campaign::GiveBack;
use crate::domain::verbs::transfer::TransferAnswered;
use crate::failpoint::{self, Point};
use crate::store::{Channel, Claim, ClaimKind, Delivery, DeliveryQuery, EffectKey, StoreError};

/// What a record tells other streams, as far as it is looked through.
const TELLS_READ: u32 = 100;

/// Has the command that the effect `key` tells executed on `to` by `execute`. What a campaign took
/// from its quota, or an account sent, is given back if the account refuses it: only then is the
/// refusal answered.
pub async fn tell(
    execute: impl AsyncFn(StreamId, Request) -> Result<Receipt, ExecuteError>,
    key: EffectKey,
    to: StreamId,
    command: Command,
    lane: Lane,
) -> Result<Receipt, ExecuteError> {
    let back = back(to, &command);
    failpoint::pass(Point::TellBefore);
    let told = execute(to, request(key, "", command, lane)).await;
    failpoint::pass(Point::TellAfter);
    let refused = match told {
        Err(ExecuteError::Rejected(rejection)) => rejection,
        done => return done,
    };
    if let Some((from, mut back)) = back {
        if let Command::TransferAnswered(answered) = &mut back {
            answered.declined = Some(refused.code().to_owned());
        }
        execute(from, request(key, "/back", back, lane)).await?;
    }
    Err(ExecuteError::Rejected(refused))
}

/// The token names one effect, whose command never changes: there are no parameters to tell apart
/// by a fingerprint.
fn request(key: EffectKey, more: &str, command: Command, lane: Lane) -> Request {
    let EffectKey { stream: from, seq, n } = key;
    let text = format!("{from}/{seq}/{n}{more}");
    let token = Some(Token { text, fingerprint: [0; 32] });
    Request { token, ..Request::new(command, Cause::Stream { from, seq, n }, lane) }
}

/// What its campaign is told if a coupon is refused, and its sender if cash is. Under a token of its
/// own, derived from the effect's: however often it is delivered, it is given back once.
fn back(to: StreamId, told: &Command) -> Option<(StreamId, Command)> {
    match (told, to) {
        (Command::GrantCoupon(grant), StreamId::Account(account)) => {
            let back = Command::GiveBack(GiveBack { account });
            Some((StreamId::Campaign(grant.campaign?), back))
        }
        (Command::TakeTransfer(take), _) => {
            let back = TransferAnswered { number: take.number, declined: None };
            Some((take.from.into(), Command::TransferAnswered(back)))
        }
        _ => None,
    }
}

/// The stream and the command that a delivery carries.
pub fn told(delivery: &Delivery) -> Result<(StreamId, Command), String> {
    match serde_json::from_str(&delivery.row.body) {
        Ok(Effect::Tell { to, command }) => Ok((to, *command)),
        Ok(Effect::Mail { .. } | Effect::Webhook { .. }) => Err("this is no command".to_owned()),
        Err(error) => Err(format!("the effect cannot be read: {error}")),
    }
}

impl Accounts {
    /// Delivers at once what the effect `n` of the record of `receipt` tells another stream, and
    /// answers what that came to. The relay still comes, and changes nothing. `None` if the record
    /// told no such thing, or so long ago that it is forgotten.
    pub async fn tell_now(
        &self,
        receipt: &Receipt,
        n: u32,
    ) -> Result<Option<Receipt>, ExecuteError> {
        let key = EffectKey { stream: receipt.stream, seq: receipt.seq, n };
        let query = DeliveryQuery {
            stream: Some(key.stream),
            channel: Some(Channel::Tell),
            before: Some((receipt.at, EffectKey { n: n.saturating_add(1), ..key })),
            limit: 1,
            ..DeliveryQuery::default()
        };
        let found = self.ports.store.deliveries(query).await?.pop();
        let Some(delivery) = found.filter(|delivery| delivery.key() == key) else {
            return Ok(None);
        };
        let (to, command) = told(&delivery).map_err(|what| {
            ExecuteError::Store(StoreError::Corrupt(format!("effect {}/{n}: {what}", key.seq)))
        })?;
        let execute = async |to, request| self.execute(to, request).await;
        tell(execute, key, to, command, Lane::People).await.map(Some)
    }

    /// Has a document numbered at once: its series is told, and tells the account the number. The
    /// relay still comes, and changes nothing. `receipt` is of the record that issued it; if that
    /// is so long ago that its effects are forgotten, it has its number.
    pub async fn number_now(
        &self,
        receipt: &Receipt,
        document: DocumentId,
    ) -> Result<(), ExecuteError> {
        let Some(n) = self.asks_number(receipt, document).await? else { return Ok(()) };
        let Some(asked) = self.tell_now(receipt, n).await? else { return Ok(()) };
        // All that a series ever tells of a number is to whom it goes.
        self.tell_now(&asked, 0).await.map(drop)
    }

    /// Brings a transfer at once to the account that it goes to, and the answer back. The relay
    /// still comes, and changes nothing. Answers what was decided there; `None` if the transfer
    /// was sent so long ago that its effects are forgotten: then it is decided.
    pub async fn transfer_now(
        &self,
        receipt: &Receipt,
        number: u32,
    ) -> Result<Option<Receipt>, ExecuteError> {
        let sends = |_, told: &Command| matches!(told, Command::TakeTransfer(take) if take.number == number);
        let Some(n) = self.tells(receipt, sends).await? else { return Ok(None) };
        let Some(decided) = self.tell_now(receipt, n).await? else { return Ok(None) };
        let from = receipt.stream;
        let answers = |to, told: &Command| {
            to == from && matches!(told, Command::TransferAnswered(it) if it.number == number)
        };
        if let Some(n) = self.tells(&decided, answers).await? {
            self.tell_now(&decided, n).await?;
        }
        Ok(Some(decided))
    }

    /// Which effect of the record of `receipt` asks for the number of a document.
    async fn asks_number(
        &self,
        receipt: &Receipt,
        document: DocumentId,
    ) -> Result<Option<u32>, ExecuteError> {
        let asks = |_, told: &Command| matches!(told, Command::Number(number) if number.document == document);
        self.tells(receipt, asks).await
    }

    /// Which effect of the record of `receipt` tells a stream a command like `is`.
    async fn tells(
        &self,
        receipt: &Receipt,
        is: impl Fn(StreamId, &Command) -> bool,
    ) -> Result<Option<u32>, ExecuteError> {
        let last = EffectKey { stream: receipt.stream, seq: receipt.seq, n: u32::MAX };
        let query = DeliveryQuery {
            stream: Some(receipt.stream),
            channel: Some(Channel::Tell),
            before: Some((receipt.at, last)),
            limit: TELLS_READ,
            ..DeliveryQuery::default()
        };
        let found = self.ports.store.deliveries(query).await?;
        let of_record = found.iter().take_while(|delivery| delivery.key().seq == receipt.seq);
        for delivery in of_record {
            if told(delivery).is_ok_and(|(to, told)| is(to, &told)) {
                return Ok(Some(delivery.key().n));
            }
        }
        Ok(None)
    }

    /// The claim on a redemption code, to be made when its campaign is opened.
    #[must_use]
    pub fn claim_on_code(&self, code: &str) -> Claim {
        self.ports.sealer.claim(ClaimKind::Code, code)
    }

    /// The campaign that has a redemption code, which is case-sensitive (R5.2).
    pub async fn campaign_of(&self, code: &str) -> Result<CampaignId, ExecuteError> {
        match self.ports.store.holder(&self.claim_on_code(code)).await? {
            Some(StreamId::Campaign(campaign)) => Ok(campaign),
            Some(StreamId::House | StreamId::Account(_) | StreamId::Series(_)) | None => {
                Err(ExecuteError::Rejected(Rejection::UnknownCode))
            }
        }
    }
}
