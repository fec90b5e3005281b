"""A mailbox that refuses some: an SMTP server's bad days, by the recipient's name."""

from aiosmtpd.handlers import Mailbox

ANSWERS = {
    "nobody": "550 5.1.1 <{}>: user unknown",
    "later": "451 4.7.1 <{}>: greylisted, try again later",
    "login": "530 5.7.0 authentication required",
}


class Picky(Mailbox):
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        answer = ANSWERS.get(address.split("@")[0])
        if answer:
            return answer.format(address)
        envelope.rcpt_tos.append(address)
        return "250 OK"
