"""A real SMTP server on a port of its own, which it prints; mail goes to the Maildir named."""

import asyncio
import sys

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP


async def main():
    loop = asyncio.get_running_loop()
    mailbox = Mailbox(sys.argv[1])
    server = await loop.create_server(lambda: SMTP(mailbox), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
