PRAGMA user_version = 1;
CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL               -- sealed where the key is 'pepper'
    ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('pepper', X'01026B3157F792C1CA688873E7C62460DDE9004CE72D6482053E23B7874DF3513858946344B1D31453811BAB819B04881416711A1B5620B65C2BE539A47E13FBBF66B4E23577B28A9336E199');
CREATE TABLE account (
        name     TEXT PRIMARY KEY,
        uid      INTEGER UNIQUE,          -- none: a person of an application, never of PAM
        enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
        version  INTEGER NOT NULL,        -- counts commits; a commit that misses one is refused
        created  INTEGER NOT NULL,
        mark     BLOB NOT NULL            -- keyed hash of name, uid, enrolled
    ) STRICT, WITHOUT ROWID;
INSERT INTO account VALUES ('alice', 1000, 1, 11, 1699999950, X'0A1F7E321729E9598B7EE0E371AF5F19A53FF4388A50D4C0723772F87C222C84');
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
INSERT INTO device VALUES ('alice', 'hotp/dc7d310e', 2, 'hotp', 'token', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"next":4,"used":3,"candidate":{"counter":20,"at":1700000010}}', X'01026B31E5979206382FC9381D90186564226369A24473A02354CA21604660FD0636BACA7C6885488ECA87E974A9B86D03026B96F1E2A4DD39DCBBB30B097FA7', X'C758BC0A9230C4E7BC7F9850F73B54D6C0E747BABADA86457BA46D8CEE59723E', NULL, X'6B88D9F2F6CABD4D3F1A96E8B9C2E4F0949AE64476F41524C0613DA2581A0500');
INSERT INTO device VALUES ('alice', 'recovery/8e12268d', 3, 'recovery', 'recovery', 1, 1699999950, 1700000010, '{"left":["f5e35f85924cde151e37a0142ddb50ca9edadbe1e9262b125fdd2dd9e35c6d3d","d983b6e21fc7fbabc5e8ef7d95e59732a9245777b6f552d79da3f707e49c5fd3","47e49ae62fc808ce15bde330e755edfc6a2d6a19a6c137bc366376397121b699","396f47d613653754050857b92b4d29cd71e101a7e4fa00d092b689c26a9f1194","d9606b201044705e3b539420cbbab52d1cfb798f6ff5fef03560f6532c20e189","89e085104e224297c21414a5c8a5c2c8cfe5c1126c1843b2b2a9064ee74fb309","dea6548f47929c5756c8d5d81a6cf44482da65132db0611461b4818967a96721","3b65e6c5b8f52c7f88b14b8d266137428aea3fa0c8595204fee6dd79ef10ebbb","dcdaa4c6d6acbbdd45f2bba4f155a4b27625cf98166e69db5ae7b9b0ee49d93d"],"spent":["a178e2a616755fc08f881f0f2ac0af89187587fd0aae37ecb59a6f7748dac4a1"]}', NULL, NULL, NULL, X'CC0489D37251D5AEE0B33AD1E56D481F3C53562C8C720D2139CB6A86686751DB');
INSERT INTO device VALUES ('alice', 'totp/1180ef5f', 1, 'totp', 'phone', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":56666667}', X'01026B310686B3759A121598BE3D7D0798D53387EC208ABCEA9053F0AAA04EC4D1851C31104AB99BB9F232B8CEAE7DCAFE7DB7A0E19F71C8A5700E69B7972ADE', X'50B736858845EBAA8E51E6C90AD035370B6943C9230745C8F4C3A52913AD63D8', NULL, X'C4A28B1E61717E0C029C3928D3A8C9CABC2DDA566E0035ACEEB88B709596BE36');
CREATE TABLE lane (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        lane    TEXT NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, lane, state
        PRIMARY KEY (account, lane)
    ) STRICT, WITHOUT ROWID;
INSERT INTO lane VALUES ('alice', 'local', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":0}', X'668D802502F84CB3731013A3587E917D7CEFEA6A1DF776C23A7AC8EC2EC19B99');
INSERT INTO lane VALUES ('alice', 'remote', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":1}', X'50F67EAFCBD4FD7C48B1A827E49F532D7A54EF9AC5CB869DA752E357B3BBC949');
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
INSERT INTO invitation VALUES ('alice', '{"token":"12af192e578473327bb2c3c5e69ed43ca32bbb20f0ad970a4d3e17ccdba56a7b","until":1700086410,"by":0,"device":null}', X'2501D520A5C5F4C4A9FB6FD72E0C023523A5E4B520F61F987E7E11367A1074DF');
CREATE TABLE event (
        seq     INTEGER PRIMARY KEY,      -- the order over all accounts, whatever the clock said
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        at      INTEGER NOT NULL,
        by      INTEGER NOT NULL,         -- the uid that asked for it
        class   TEXT NOT NULL,            -- failure, login or change: each is bounded by itself
        body    TEXT NOT NULL             -- JSON
    ) STRICT;
INSERT INTO event VALUES (1, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"totp/1180ef5f"}');
INSERT INTO event VALUES (2, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"totp/1180ef5f"}');
INSERT INTO event VALUES (3, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"hotp/dc7d310e"}');
INSERT INTO event VALUES (4, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"hotp/dc7d310e"}');
INSERT INTO event VALUES (5, 'alice', 1699999950, 0, 'change', '{"event":"recovery-made","device":"recovery/8e12268d","codes":10}');
INSERT INTO event VALUES (6, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"remote","service":"sshd","from":"","devices":["totp/1180ef5f"]}');
INSERT INTO event VALUES (7, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"local","service":"sshd","from":"","devices":["hotp/dc7d310e"]}');
INSERT INTO event VALUES (8, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"local","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (9, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"self","service":"sshd","from":"","devices":["recovery/8e12268d"]}');
INSERT INTO event VALUES (10, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"remote","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (11, 'alice', 1700000010, 0, 'change', '{"event":"invited","until":1700086410}');
CREATE TABLE caller (
        uid   INTEGER PRIMARY KEY,        -- who asked for what is no account's own, and failed
        state TEXT NOT NULL,              -- JSON
        mark  BLOB NOT NULL               -- keyed hash of uid, state
    ) STRICT;
CREATE INDEX device_fingerprint ON device (fingerprint);
CREATE INDEX event_account ON event (account, class, seq);
