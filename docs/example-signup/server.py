#!/usr/bin/python3
"""A web page where people sign up and in with their telephone number. See README.md.

It keeps sessions in memory and knows nobody by itself: who somebody is, otpd says.
"""

import hmac
import html
import secrets
import sys
import threading
import time
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import dbus

CHANNEL = "sms"
COOKIE = "session"
MOST_SESSIONS = 10_000
MOST_BYTES = 4096
IDLE = 3600


class Otpd:
    """The daemon on the system bus, which knows who is calling by the uid of this process."""

    def __init__(self):
        self.bus = dbus.SystemBus()
        # One at a time: a refresh token that two requests show is taken for a stolen one.
        self.lock = threading.RLock()

    def call(self, interface, method, *arguments):
        with self.lock:
            # Anew each time: the daemon may have been started anew.
            otpd = self.bus.get_object("org.otpd1", "/org/otpd1", introspect=False)
            call = otpd.get_dbus_method(method, f"org.otpd1.{interface}")
            return call(*(dbus.String(argument) for argument in arguments))

    def send_code(self, number):
        self.call("Contacts", "Request", number, CHANNEL)

    def sign_up(self, number, code):
        identifier, _until = self.call("Contacts", "Verify", number, code)
        self.call("Contacts", "Enroll", "", identifier)

    def sign_in(self, number, code):
        access, refresh, details = self.call("Tokens", "Grant", number, code, "")
        return Tokens(access, refresh, details)

    def who(self, tokens):
        """The name behind tokens that count, with the next pair where the access token has run out."""
        with self.lock:
            info = self.call("Tokens", "Inspect", tokens.access)
            if info.get("active"):
                return str(info["username"])
            access, refresh, details = self.call("Tokens", "Refresh", tokens.refresh)
            tokens.access, tokens.refresh = str(access), str(refresh)
            return str(details["username"])

    def sign_out(self, tokens):
        self.call("Tokens", "Revoke", tokens.refresh)


class Tokens:
    """What one sign-in was granted. It never leaves this process."""

    def __init__(self, access, refresh, _details):
        self.access, self.refresh = str(access), str(refresh)


class Session:
    """What is known of one browser."""

    def __init__(self):
        self.form = secrets.token_urlsafe(32)
        self.used = time.monotonic()
        self.number = None
        self.new = False
        self.tokens = None

    def rank(self):
        """Who goes for somebody new: those who are not signed in, then who was away the longest."""
        return (self.tokens is not None, self.used)


class Sessions:
    """Sessions by the name in a cookie. Requests run side by side, hence the lock."""

    def __init__(self):
        self.all = {}
        self.lock = threading.Lock()

    def find(self, name):
        with self.lock:
            session = self.all.get(name)
            if session and time.monotonic() - session.used < IDLE:
                session.used = time.monotonic()
                return session
            self.all.pop(name, None)
            return None

    def begin(self, session=None):
        with self.lock:
            if len(self.all) >= MOST_SESSIONS:
                # Whoever opens many pages signs nobody out: those who are not signed in go first.
                del self.all[min(self.all, key=lambda name: self.all[name].rank())]
            name = secrets.token_urlsafe(32)
            self.all[name] = session or Session()
            return name

    def end(self, name):
        with self.lock:
            self.all.pop(name, None)

    def is_own(self, session, form):
        """Whether a form is the session's; each is good once."""
        with self.lock:
            if not hmac.compare_digest(form.encode(), session.form.encode()):
                return False
            session.form = secrets.token_urlsafe(32)
            return True


class Page(BaseHTTPRequestHandler):
    """The one page: a number, then a code, then who somebody is."""

    server_version = "example"
    sys_version = ""
    timeout = 10

    def do_GET(self):
        self.recall()
        if self.path != "/":
            return self.answer(404, "<p>There is nothing here.</p>")
        return self.show()

    def do_POST(self):
        self.recall()
        fields = self.fields()
        # Of this page alone: another site's form has neither the session's token nor this origin.
        origin = self.headers.get("Origin")
        own = {f"http://{self.headers.get('Host')}", f"https://{self.headers.get('Host')}"}
        form = fields.get("form", "")
        if origin not in own or not self.sessions.is_own(self.session, form):
            return self.answer(403, '<p id="told">That form is over. <a href="/">Begin anew</a></p>')
        acts = {"/signup": self.number, "/signin": self.number, "/code": self.code}
        acts["/signout"] = self.sign_out
        act = acts.get(self.path)
        if act is None:
            return self.answer(404, "<p>There is nothing here.</p>")
        try:
            return act(fields)
        except dbus.DBusException as error:
            # Why is for the log: to strangers every no is alike.
            self.log_message("%s: %s", self.path, error.get_dbus_name())
            return self.show("That did not work. Check what you typed, or begin anew.")

    def number(self, fields):
        number = fields.get("number", "")
        self.otpd.send_code(number)
        self.session.number, self.session.new = number, self.path == "/signup"
        return self.show()

    def code(self, fields):
        session, code = self.session, fields.get("code", "")
        if session.number is None:
            return self.show()
        if session.new:
            self.otpd.sign_up(session.number, code)
            session.new = False
            self.otpd.send_code(session.number)
            return self.show("You have signed up. Another code is on its way: it signs you in.")
        session.tokens = self.otpd.sign_in(session.number, code)
        session.number = None
        # Whoever knew the session's name before must not be signed in by it.
        self.sessions.end(self.name)
        self.name = self.sessions.begin(session)
        return self.show()

    def sign_out(self, _fields):
        tokens = self.session.tokens
        self.sessions.end(self.name)
        self.name = self.sessions.begin()
        self.session = self.sessions.find(self.name)
        if tokens:
            self.otpd.sign_out(tokens)
        return self.show("You have signed out.")

    def who(self):
        if self.session.tokens is None:
            return None
        try:
            return self.otpd.who(self.session.tokens)
        except dbus.DBusException:
            self.session.tokens = None
            return None

    def show(self, told=""):
        who = self.who()
        form = f'<input type="hidden" name="form" value="{html.escape(self.session.form)}">'
        if who:
            body = f'<p id="who">Signed in as {html.escape(who)}</p>' + act("/signout", form, "Sign out")
        elif self.session.number is not None:
            field = '<input name="code" id="code" autocomplete="one-time-code" required>'
            body = "<p>A code is on its way to that number.</p>"
            body += act("/code", form + field, "Go on")
            body += '<p><a href="/">Try again</a></p>'
        else:
            body = ""
        if not who:
            field = '<input name="number" type="tel" placeholder="+49 151 23456789" required>'
            body += act("/signup", form + field, "Sign up") + act("/signin", form + field, "Sign in")
        told = f'<p id="told">{html.escape(told)}</p>' if told else ""
        return self.answer(200, told + body)

    def recall(self):
        try:
            name = SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
        except CookieError:
            name = None
        self.name = name.value if name else ""
        self.session = self.sessions.find(self.name)
        if self.session is None:
            self.name = self.sessions.begin()
            self.session = self.sessions.find(self.name)

    def fields(self):
        length = self.headers.get("Content-Length", "")
        try:
            body = self.rfile.read(max(0, min(int(length), MOST_BYTES))).decode("ascii", "replace")
            return {key: values[0] for key, values in parse_qs(body, max_num_fields=8).items()}
        except ValueError:
            # No number, or more fields than any form of ours has.
            return {}

    def answer(self, status, body):
        page = f"<!doctype html><title>Sign up</title>{body}".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        flags = "Path=/; HttpOnly; Secure; SameSite=Strict"
        self.send_header("Set-Cookie", f"{COOKIE}={self.name}; {flags}")
        self.send_header("Cache-Control", "no-store")
        policy = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        self.send_header("Content-Security-Policy", policy)
        self.send_header("Referrer-Policy", "same-origin")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(page)


def act(path, fields, words):
    """A form of one button."""
    return f'<form id="{path[1:]}" method="post" action="{path}">{fields}<button>{words}</button></form>'


def main():
    Page.otpd, Page.sessions = Otpd(), Sessions()
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()


if __name__ == "__main__":
    main()
