//! What can still be asked of an account that is being closed, or is closed (R8.8).

use crate::domain::account::Account;
use crate::domain::command::Command;
use crate::domain::draft::Draft;
use crate::domain::rejection::Rejection;

/// The last phase of an account's life in which something can be asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Until {
    /// While it is in service.
    InService,
    /// While it is being closed, too.
    Closing,
    /// Also once it is closed.
    Closed,
}

/// May that be asked? While an account is being closed it can pay, be topped up, withdraw, release,
/// and revoke; what is reported is taken. A closed one takes only what its books still need, and
/// declines what others send.
pub fn gate(draft: &Draft<'_>, command: &Command) -> Result<(), Rejection> {
    match draft.account() {
        Account::Unopened(_) => Ok(()),
        Account::Open(open) => match &open.closure {
            Some(closure) if until(command) < Until::Closing => {
                Err(Rejection::AccountClosing { stage: closure.stage })
            }
            Some(_) | None => Ok(()),
        },
        Account::Closed(_) if until(command) == Until::Closed => Ok(()),
        Account::Closed(_) => Err(Rejection::AccountClosed),
    }
}

/// Until when it can be asked.
fn until(command: &Command) -> Until {
    match command {
        Command::Through(through) => until(&through.command),
        // A campaign's is declined, and told back.
        Command::GrantCoupon(grant) if grant.campaign.is_some() => Until::Closed,
        Command::GrantCoupon(_)
        | Command::Purchase(_)
        | Command::SetCoupon(_)
        | Command::Renew(_)
        | Command::Change(_)
        | Command::SetUnifiedDay(_)
        | Command::SetRenewalMode(_)
        | Command::OpenResource(_)
        | Command::SetPower(_)
        | Command::ChangeResource(_)
        | Command::Transfer(_)
        | Command::SetCreditLimit(_)
        | Command::SetAlert(_) => Until::InService,
        Command::TopUp(_)
        | Command::Pay(_)
        | Command::PayTogether(_)
        | Command::Provisioned(_)
        | Command::ProvisionFailed(_)
        | Command::Cancel(_)
        | Command::Unsubscribe(_)
        | Command::Release(_)
        | Command::Refund(_)
        | Command::CancelCoupon(_)
        | Command::ReleaseResource(_)
        | Command::RecordUsage(_)
        | Command::Withdraw(_)
        | Command::Hold(_)
        | Command::LetGo(_)
        | Command::IssueInvoice(_)
        | Command::RequestClosure(_)
        | Command::BeginClosure(_)
        | Command::ConfirmClosure(_)
        | Command::ApproveClosure(_)
        | Command::RevokeClosure(_)
        | Command::LoginSeen(_)
        | Command::ReportHolding(_)
        | Command::ClearHolding(_)
        // Of other streams.
        | Command::OpenCampaign(_)
        | Command::Take(_)
        | Command::GiveBack(_)
        | Command::CloseCampaign(_)
        | Command::Number(_)
        | Command::SealMonth(_)
        | Command::CloseMonth(_)
        | Command::ApplyRules(_)
        | Command::EngageBrake(_)
        | Command::ReleaseBrake(_) => Until::Closing,
        Command::Open(_)
        | Command::Import(_)
        | Command::Advance
        | Command::WithdrawalPaid(_)
        | Command::WithdrawalFailed(_)
        | Command::AssignNumber(_)
        | Command::TakeTransfer(_)
        | Command::TransferAnswered(_) => Until::Closed,
    }
}
