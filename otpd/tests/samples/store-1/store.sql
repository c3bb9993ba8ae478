PRAGMA user_version = 1;
CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL               -- sealed where the key is 'pepper'
    ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('pepper', X'01026B318543939CDAAD38D4131D41F66F03817012EF7BBAAFB1A355429DE9C3D202221FF243D9A7A3FF50316F2467F42ECB36BAD0E3E7EA51BC5440D604FC783EDC76F941BB48BD84C27439');
CREATE TABLE account (
        name     TEXT PRIMARY KEY,
        uid      INTEGER UNIQUE,          -- none: a person of an application, never of PAM
        enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
        version  INTEGER NOT NULL,        -- counts commits; a commit that misses one is refused
        created  INTEGER NOT NULL,
        mark     BLOB NOT NULL            -- keyed hash of name, uid, enrolled
    ) STRICT, WITHOUT ROWID;
INSERT INTO account VALUES ('alice', 1000, 1, 11, 1699999950, X'B7D362CCE03E5A8DBD54DB85D1116F4A5926C82A2D0829AC0C2D461E90898391');
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
INSERT INTO device VALUES ('alice', 'hotp/1b3d4298', 2, 'hotp', 'token', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"next":4,"used":3,"candidate":{"counter":20,"at":1700000010}}', X'01026B315599B11B3A6B3BB98D416655752349685E18BA5EF04CEB248B717698AE808AF7ED8803B6B1B5FE12FE14312714D107C3155504A1AA6A74A71900A96D', X'4EA38F7CE17BB72A315BDC878341E6B418C57A0DABAFAD98D15FCB2D9678D74D', NULL, X'74BBFF6F6D6093E12415E521BEBB44BA97A4031181F2206FBDBFF4F8263BE724');
INSERT INTO device VALUES ('alice', 'recovery/fedf9e74', 3, 'recovery', 'recovery', 1, 1699999950, 1700000010, '{"left":["343db4a998f54c64424e7df96818120636703134a3dd31b806da2c7ffa4a7dab","b09a97c9896eeadc6e985c4dec95ff6f6d32ff2a15cc6e3d12162a282d4bde9f","86b8e3e4fad661b342e529ead4416fc6a0effe128ad58c1ab6e55df47d4eae8c","8f938cc7de8a5ab956aaa3b4f792193825503c4ca97d616515bac98bee962285","e5e66464576ea01399fe8111497909cbb6714e954b2df621245553fdcc7086d3","cca5e0e92bcdbbee63fbb77f9ba0ad2bdf92c572f408c4e5dcf13edff60f228e","6fe3389644a7183a8b08379bf2a0f2c6e2e5417ee53573bf834ce1e7081c5061","4044befaaf12ca782ed84a86824b4a667dde66cebf947fb5e10d8ddc6d3a2f4c","ba252f81134ad64679a6c792d1f3f35363f939b927b1d4632736056570ffd124"],"spent":["9c62f0a2ddac645e4ba85d7fccd643c5abdce80d132a64814c1e58195d6987e3"]}', NULL, NULL, NULL, X'A54DF277E059EB0E88EFDD2B5ADF38C48F89A7077E350924FF9F5A380D5D454F');
INSERT INTO device VALUES ('alice', 'totp/55affa69', 1, 'totp', 'phone', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":56666667}', X'01026B31AC8AAEC8050A40FFE449781DBEC3B2843FD97DBD1617BDC07403A913C272028B70AA142A5E5BE0D50349B5DF56BBF8CAA40AA46AA073F856F8910063', X'F48257E22CC98C87BD96E7C5DFD92F6B5DEDE65AA94F846F8E2F8EFD9AE86828', NULL, X'73C1DBCEFCBF90ED7FEBA44D7374F804117076DB883F6924F5C0D1C934F449D0');
CREATE TABLE lane (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        lane    TEXT NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, lane, state
        PRIMARY KEY (account, lane)
    ) STRICT, WITHOUT ROWID;
INSERT INTO lane VALUES ('alice', 'local', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":0}', X'F540402F55CA67EB2D425C41BCA16784B1FFD4E0F0153015F1266884B6D2B541');
INSERT INTO lane VALUES ('alice', 'remote', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":1}', X'94BD3E0C140EC6D5738EF86B5EBF7D0229A5C6AB7CFFDA8CE490ECB0CF9A83F3');
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
INSERT INTO invitation VALUES ('alice', '{"token":"56ac5be5304dee9e4d5c1b0c678f930e5dba5b99bfdfe9c520912a79d311d05e","until":1700086410,"by":0,"device":null}', X'0D42A5F365EAAB972C1FD5A0160B389AEB5F44A32D8C872E4C01A92B4336D65C');
CREATE TABLE remembered (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        number  INTEGER NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, number, state
        PRIMARY KEY (account, number)
    ) STRICT, WITHOUT ROWID;
INSERT INTO remembered VALUES ('alice', 1, '{"rule":"office","service":"sshd","source":{"address":"192.0.2.7"},"device":"totp/55affa69","since":1700000010,"until":1700028810,"last":1700000010}', X'66C92DE044E9992FFE5F80FA2D0639DEE0097D6F2E33691088CEDC7F769D28F9');
CREATE TABLE exemption (
        account TEXT PRIMARY KEY REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL             -- keyed hash of account, state
    ) STRICT, WITHOUT ROWID;
CREATE TABLE event (
        seq     INTEGER PRIMARY KEY,      -- the order over all accounts, whatever the clock said
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        at      INTEGER NOT NULL,
        by      INTEGER NOT NULL,         -- the uid that asked for it
        class   TEXT NOT NULL,            -- failure, login or change: each is bounded by itself
        body    TEXT NOT NULL             -- JSON
    ) STRICT;
INSERT INTO event VALUES (1, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"totp/55affa69"}');
INSERT INTO event VALUES (2, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"totp/55affa69"}');
INSERT INTO event VALUES (3, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"hotp/1b3d4298"}');
INSERT INTO event VALUES (4, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"hotp/1b3d4298"}');
INSERT INTO event VALUES (5, 'alice', 1699999950, 0, 'change', '{"event":"recovery-made","device":"recovery/fedf9e74","codes":10}');
INSERT INTO event VALUES (6, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"remote","service":"sshd","from":"","devices":["totp/55affa69"]}');
INSERT INTO event VALUES (7, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"local","service":"sshd","from":"","devices":["hotp/1b3d4298"]}');
INSERT INTO event VALUES (8, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"local","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (9, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"self","service":"sshd","from":"","devices":["recovery/fedf9e74"]}');
INSERT INTO event VALUES (10, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"remote","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (11, 'alice', 1700000010, 0, 'change', '{"event":"invited","until":1700086410}');
CREATE TABLE token_family (
        id      TEXT PRIMARY KEY,
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        device  TEXT NOT NULL,            -- whose code it was granted for, and with which it goes
        holder  INTEGER NOT NULL,         -- the uid that asked
        until   INTEGER NOT NULL,         -- for tidying up; the state decides
        state   TEXT NOT NULL,            -- JSON, with the keyed hashes of its tokens
        mark    BLOB NOT NULL,            -- keyed hash of account, id, state
        FOREIGN KEY (account, device) REFERENCES device (account, id)
            ON DELETE CASCADE ON UPDATE CASCADE
    ) STRICT, WITHOUT ROWID;
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
CREATE INDEX token_family_device ON token_family (account, device);
CREATE INDEX token_family_holder ON token_family (holder);
CREATE INDEX token_family_until ON token_family (until);
