PRAGMA user_version = 1;
CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL               -- sealed where the key is 'pepper'
    ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('pepper', X'01026B316D464B38187E570393D2B24E43004FA87B950809BE330AA660BC9CCD5C0F6FA40539ACBCBDB5472032BD7742BFC87F4D77F05C65A25BCF6E16575514DFEB387E1FBC934E5C4CD8CD');
CREATE TABLE account (
        name     TEXT PRIMARY KEY,
        uid      INTEGER UNIQUE,          -- none: a person of an application, never of PAM
        enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
        version  INTEGER NOT NULL,        -- counts commits; a commit that misses one is refused
        created  INTEGER NOT NULL,
        mark     BLOB NOT NULL            -- keyed hash of name, uid, enrolled
    ) STRICT, WITHOUT ROWID;
INSERT INTO account VALUES ('alice', 1000, 1, 11, 1699999950, X'03FC815A45800735E26C0AE3F3573B6D80498836067B8E4607FAB5999B3DAF82');
CREATE TABLE device (
        account     TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        id          TEXT NOT NULL,
        position    INTEGER NOT NULL,     -- the order of enrolment
        kind        TEXT NOT NULL,
        label       TEXT NOT NULL,
        confirmed   INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
        created     INTEGER NOT NULL,
        last_used   INTEGER,
        state       TEXT NOT NULL,        -- JSON without anything secret
        secret      BLOB,                 -- sealed; none: a kind that has none
        fingerprint BLOB,                 -- keyed hash of the secret
        replaces    TEXT,                 -- the device whose place it takes once it is confirmed
        mark        BLOB NOT NULL,        -- keyed hash of account, id, confirmed, replaces, state
        PRIMARY KEY (account, id)
    ) STRICT, WITHOUT ROWID;
INSERT INTO device VALUES ('alice', 'hotp/245c4428', 2, 'hotp', 'token', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"next":4,"used":3,"candidate":{"counter":20,"at":1700000010}}', X'01026B316179A15E64163AA3F3D24B9F4737E6C7284513DB6DBF620229E5CED040ABC9F0731E2AFC0DB17853B73C0D93E9856DCECB436569C53AEFFB0DD123FB', X'CBA905DC5F7D04247286094B75055249D842119722570B228183AB1723FD2C81', NULL, X'AD3E2C5178F967C49B4AF51A90024AFB5B7FAEB4B64DC1690669ACEC3A1E89E5');
INSERT INTO device VALUES ('alice', 'recovery/3fc5566e', 3, 'recovery', 'recovery', 1, 1699999950, 1700000010, '{"left":["6cc65f92cadfc053b57d48739b7a1dbfa5cfed214c7aacb9ca0b5a0542198d76","cfb50e981634c4b8f31a8824c15f2133b9e91ff3452d9494cb2a65cda643b577","963f25c0800f999586812c3cfe1dab61465a2e90b0fa6f4ec9ae9ae24373e44d","b6489d28dc51bbdd652f7efb6f6275a2a564e32e83c917eb70e1e7cc2e83c7b7","dbdf67ebff2dde1781639d2c63c086fbf57a573e153a2701bfb60c1f58a953e4","ba755908f8400e88b1a972ea87da008d9d85cfe133b8da30d68155b3a957a5b3","7fbdf5cab20d62c8967410b37b1c0d5b698eafa776cd3e7d6b9f5bd05832b49f","47fe8bcd82b9f9d5af97ec6215dc08cc2248e216f515a1c96b80c911dfc2dfa9","801809a4726b230c61f9e8d44ea435a278bf33503cf9730ece5785ada2fcb3ad"],"spent":["d878e463e108c2f6c3e187777787ff8f467795f6a7ec6ed6fab29e891bdf0523"]}', NULL, NULL, NULL, X'12E1FBD321D8A039C2929D174ADCA3916927598DF0958CCFED560C19FFBF9635');
INSERT INTO device VALUES ('alice', 'totp/abf28fcb', 1, 'totp', 'phone', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":56666667}', X'01026B31F8008BF9254782E09B37061E0D064CF504CFDE7953C138BAC86BF05627F7F09D833B4FB61611D2BA18E0875453E1B9057B128485DAC51BE8BB03573E', X'5EA256EF2D2EDE95FE444E837F1CE4EA906C650C2D3F84F2CB56FAF9D70E8FAC', NULL, X'939267A653DB984BC6B250F7407C40C602E7FD9C95AFC8D82745057D509B8E3C');
CREATE TABLE lane (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        lane    TEXT NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, lane, state
        PRIMARY KEY (account, lane)
    ) STRICT, WITHOUT ROWID;
INSERT INTO lane VALUES ('alice', 'local', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":0}', X'08E3CE7132FFC1449E469FA7EFCFB53766C01495C5BA1EDACC55AC33C4208CEC');
INSERT INTO lane VALUES ('alice', 'remote', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":1}', X'0E477E405F859009A9F3887D092D79FE146597B2EE559F8F9387E8BC65A27D0C');
CREATE TABLE address (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        address TEXT NOT NULL,
        seen    INTEGER NOT NULL,
        PRIMARY KEY (account, address)
    ) STRICT, WITHOUT ROWID;
INSERT INTO address VALUES ('alice', '192.0.2.7', 1700000010);
CREATE TABLE invitation (
        account TEXT PRIMARY KEY REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        state   TEXT NOT NULL,            -- JSON, with the keyed hash of the token
        mark    BLOB NOT NULL             -- keyed hash of account, state
    ) STRICT, WITHOUT ROWID;
INSERT INTO invitation VALUES ('alice', '{"token":"fe242da99c2d9324bb117befea9c7611950b07f0e2abad05aa229f12b7bc1e30","until":1700086410,"by":0,"device":null}', X'7A898B356EF8B05A0B630D704A12A7E13F9F4ACE2962E3BDBB2D7E2952B69B34');
CREATE TABLE event (
        seq     INTEGER PRIMARY KEY,      -- the order over all accounts, whatever the clock said
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        at      INTEGER NOT NULL,
        by      INTEGER NOT NULL,         -- the uid that asked for it
        class   TEXT NOT NULL,            -- failure, login or change: each is bounded by itself
        body    TEXT NOT NULL             -- JSON
    ) STRICT;
INSERT INTO event VALUES (1, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"totp/abf28fcb"}');
INSERT INTO event VALUES (2, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"totp/abf28fcb"}');
INSERT INTO event VALUES (3, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"hotp/245c4428"}');
INSERT INTO event VALUES (4, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"hotp/245c4428"}');
INSERT INTO event VALUES (5, 'alice', 1699999950, 0, 'change', '{"event":"recovery-made","device":"recovery/3fc5566e","codes":10}');
INSERT INTO event VALUES (6, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"remote","service":"sshd","from":"","devices":["totp/abf28fcb"]}');
INSERT INTO event VALUES (7, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"local","service":"sshd","from":"","devices":["hotp/245c4428"]}');
INSERT INTO event VALUES (8, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"local","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (9, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"self","service":"sshd","from":"","devices":["recovery/3fc5566e"]}');
INSERT INTO event VALUES (10, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"remote","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (11, 'alice', 1700000010, 0, 'change', '{"event":"invited","until":1700086410}');
CREATE TABLE caller (
        uid   INTEGER PRIMARY KEY,        -- who asked for what is no account's own, and failed
        state TEXT NOT NULL,              -- JSON
        mark  BLOB NOT NULL               -- keyed hash of uid, state
    ) STRICT;
CREATE TABLE sent (
        subject TEXT PRIMARY KEY,         -- an address by its keyed hash, an account, or all
        at      INTEGER NOT NULL,         -- when it was last written
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL             -- keyed hash of subject, state
    ) STRICT, WITHOUT ROWID;
CREATE INDEX device_fingerprint ON device (fingerprint);
CREATE INDEX event_account ON event (account, class, seq);
