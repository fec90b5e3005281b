//! What can still be asked of an account that is being closed, or is closed (R8.8).

use crate::domain::account::Account;
use crate::domain::command::Command;
use crate::domain::draft::Draft;
use crate::domain::rejection::Rejection;

/// May that be asked? While an account is being closed it can pay, be topped up, withdraw, release,
/// and revoke; what is reported is taken. A closed one takes only what its books still need, and
/// declines what others send.
pub fn gate(draft: &Draft<'_>, command: &Command) -> Result<(), Rejection> {
    match draft.account() {
        Account::Unopened(_) => Ok(()),
        Account::Open(open) => match &open.closure {
            Some(closure) if !is_open_to(command) => {
                Err(Rejection::AccountClosing { stage: closure.stage })
            }
            Some(_) | None => Ok(()),
        },
        Account::Closed(_) if is_for_books(command) => Ok(()),
        Account::Closed(_) => Err(Rejection::AccountClosed),
    }
}

/// What an account takes that is being closed.
fn is_open_to(command: &Command) -> bool {
    match command {
        Command::Through(through) => is_open_to(&through.command),
        // A single coupon; a campaign's is told back.
        Command::GrantCoupon(grant) => grant.campaign.is_some(),
        Command::Purchase(_)
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
        | Command::SetAlert(_) => false,
        Command::Open(_)
        | Command::Import(_)
        | Command::TopUp(_)
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
        | Command::WithdrawalPaid(_)
        | Command::WithdrawalFailed(_)
        | Command::TakeTransfer(_)
        | Command::TransferAnswered(_)
        | Command::Hold(_)
        | Command::LetGo(_)
        | Command::Advance
        | Command::IssueInvoice(_)
        | Command::AssignNumber(_)
        | Command::RequestClosure(_)
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
        | Command::ReleaseBrake(_) => true,
    }
}

/// What a closed account takes: numbers of its documents, the closing of its last month, and what
/// other streams must be answered.
fn is_for_books(command: &Command) -> bool {
    match command {
        Command::Through(through) => is_for_books(&through.command),
        Command::GrantCoupon(grant) => grant.campaign.is_some(),
        Command::Open(_)
        | Command::Import(_)
        | Command::Advance
        | Command::AssignNumber(_)
        | Command::TakeTransfer(_)
        | Command::TransferAnswered(_) => true,
        Command::TopUp(_)
        | Command::Purchase(_)
        | Command::Pay(_)
        | Command::PayTogether(_)
        | Command::SetCoupon(_)
        | Command::Provisioned(_)
        | Command::ProvisionFailed(_)
        | Command::Cancel(_)
        | Command::Renew(_)
        | Command::Change(_)
        | Command::Unsubscribe(_)
        | Command::Release(_)
        | Command::Refund(_)
        | Command::SetUnifiedDay(_)
        | Command::CancelCoupon(_)
        | Command::SetRenewalMode(_)
        | Command::OpenResource(_)
        | Command::SetPower(_)
        | Command::ChangeResource(_)
        | Command::ReleaseResource(_)
        | Command::RecordUsage(_)
        | Command::Withdraw(_)
        | Command::WithdrawalPaid(_)
        | Command::WithdrawalFailed(_)
        | Command::Transfer(_)
        | Command::SetCreditLimit(_)
        | Command::SetAlert(_)
        | Command::Hold(_)
        | Command::LetGo(_)
        | Command::IssueInvoice(_)
        | Command::RequestClosure(_)
        | Command::ConfirmClosure(_)
        | Command::ApproveClosure(_)
        | Command::RevokeClosure(_)
        | Command::LoginSeen(_)
        | Command::ReportHolding(_)
        | Command::ClearHolding(_)
        | Command::OpenCampaign(_)
        | Command::Take(_)
        | Command::GiveBack(_)
        | Command::CloseCampaign(_)
        | Command::Number(_)
        | Command::SealMonth(_)
        | Command::CloseMonth(_)
        | Command::ApplyRules(_)
        | Command::EngageBrake(_)
        | Command::ReleaseBrake(_) => false,
    }
}
