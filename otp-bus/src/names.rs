//! Names, paths and bounds that both ends of the contract must agree on.

/// The well-known name that the daemon owns on the system bus.
pub const BUS_NAME: &str = "org.otpd1";

/// The one object, on the system bus and on the daemon's own socket alike.
pub const OBJECT_PATH: &str = "/org/otpd1";

/// Interface for hosts that let somebody in: `Begin`, `Verify`.
pub const AUTH_INTERFACE: &str = "org.otpd1.Auth";

/// Interface for those who enroll, repair and inspect.
pub const MANAGE_INTERFACE: &str = "org.otpd1.Manage";

/// Interface for what is nobody's own affair: accounts as a whole.
pub const ADMIN_INTERFACE: &str = "org.otpd1.Admin";
/// Interface for those who change the keys that seal secrets at rest.
pub const KEYS_INTERFACE: &str = "org.otpd1.Keys";

/// Interface for sessions: hosts open and close them, processes ask about their own.
pub const SESSIONS_INTERFACE: &str = "org.otpd1.Sessions";

/// Interface for applications by which people sign up.
pub const CONTACTS_INTERFACE: &str = "org.otpd1.Contacts";

/// Interface for applications that exchange codes for tokens.
pub const TOKENS_INTERFACE: &str = "org.otpd1.Tokens";
/// Interface for one-time passwords made for somebody.
pub const PASSES_INTERFACE: &str = "org.otpd1.Passes";

/// The most values that one `Reseal` seals anew.
pub const MAX_RESEALED: u32 = 1000;

/// The daemon's own socket: the same objects, peer to peer, for callers with uid 0.
pub const SOCKET_PATH: &str = "/run/otpd/auth";

/// The system bus. Fixed: an address from the environment would let the user of a setuid program
/// choose who answers.
pub const SYSTEM_BUS_ADDRESS: &str = "unix:path=/run/dbus/system_bus_socket";

/// Where the daemon keeps its store. Its owner is who may own [`BUS_NAME`], beside root.
pub const STATE_DIR: &str = "/var/lib/otpd";

/// The longest user name, in bytes of UTF-8.
pub const MAX_USER_BYTES: usize = 256;

/// The longest service, remote host, remote user or terminal name, in bytes.
pub const MAX_FIELD_BYTES: usize = 1024;

/// The longest answer to a prompt, in bytes: libpam's `PAM_MAX_RESP_SIZE`.
pub const MAX_CODE_BYTES: usize = 512;

/// How long somebody can be exempt, in seconds: a minute to a week.
pub const EXEMPTION_SECONDS: (u32, u32) = (60, 7 * 86_400);

/// How long an invitation can be open, in seconds: a minute to thirty days.
pub const INVITATION_SECONDS: (u32, u32) = (60, 30 * 86_400);
