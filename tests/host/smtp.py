"""A mail server that keeps what it gets: smtp.py PORT FILE plain|starttls [CERT KEY].

With starttls nobody gets further without it, nor without the password of otpd.
"""

import json
import ssl
import sys
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Keeper:
    async def handle_DATA(self, server, session, envelope):
        mail = {"to": envelope.rcpt_tos, "from": envelope.mail_from,
                "tls": session.ssl is not None, "login": session.auth_data,
                "text": envelope.content.decode()}
        if "nowhere" in envelope.rcpt_tos[0]:
            return "550 5.1.1 <%s> is nobody here; %s" % (envelope.rcpt_tos[0], mail["text"].split()[-1])
        with open(FILE, "a", encoding="utf-8") as file:
            file.write(json.dumps(mail) + "\n")
        return "250 OK"


def authenticate(server, session, envelope, mechanism, auth_data):
    login, password = auth_data.login.decode(), auth_data.password.decode()
    return AuthResult(success=(login, password) == ("otpd", "hunter2"), auth_data=login)


PORT, FILE, MODE = int(sys.argv[1]), sys.argv[2], sys.argv[3]
options = {}
if MODE == "starttls":
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[4], sys.argv[5])
    options = {"tls_context": context, "require_starttls": True, "authenticator": authenticate,
               "auth_required": True}
controller = Controller(Keeper(), hostname="127.0.0.1", port=PORT, **options)
controller.start()
open(FILE + ".ready", "w", encoding="utf-8").close()
while True:
    time.sleep(1000)
