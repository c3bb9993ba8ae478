PRAGMA user_version = 1;
CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL               -- sealed where the key is 'pepper'
    ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('pepper', X'01026B31062D5A32486B7EB488825BD04967FEC2BAE3EAF06FDC480F1AF9EEF2998E6EA4623ED7BFDCE9156F96528DA1FB327196621F199D2E08C75CCA7F362E685EB3ECB9D5AAE0F1448A31');
CREATE TABLE account (
        name     TEXT PRIMARY KEY,
        uid      INTEGER UNIQUE,          -- none: a person of an application, never of PAM
        enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
        version  INTEGER NOT NULL,        -- counts commits; a commit that misses one is refused
        created  INTEGER NOT NULL,
        mark     BLOB NOT NULL            -- keyed hash of name, uid, enrolled
    ) STRICT, WITHOUT ROWID;
INSERT INTO account VALUES ('alice', 1000, 1, 11, 1699999950, X'733691E3D42ED865231042C17A8D3B8079C938991F58BCFA2261E3C26A994A1F');
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
INSERT INTO device VALUES ('alice', 'hotp/8cd930c8', 2, 'hotp', 'token', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"next":4,"used":3,"candidate":{"counter":20,"at":1700000010}}', X'01026B31FA7CE8CE6FC239BE25B307E8C97621EE8DDFE188893D4DA5A1886F5FBDD69B76DD4B50EEA8F416728123F4CD532CA7D8DEED1ACB65352974461798D5', X'EC009D139212AA349492A128AAC75C77543BF03EF0FAD94E18C8C5C1F224F9EC', NULL, X'C44AF9C89A80701882BF79CDDA01B5FD9A19E3A48C61B0931E75B59D4B5D8820');
INSERT INTO device VALUES ('alice', 'recovery/0dd12082', 3, 'recovery', 'recovery', 1, 1699999950, 1700000010, '{"left":["210ccc0f6728928ff2599bd693eae0cd8e1b5ec9b1b8cff9208d5b6d9d7f341f","9d218cc78927a6cf12ef104eabb3b67af875e9b7d5a76b0edc14a1de5fd5ef65","8bcab13bda0cbb97c73727b5b96d82646723e57b9ebebe5502edbefce5b5c619","1c9264a573b41ff2faf9373af20b368fd1c184f9f893d4ca5b5d2f151b5b7013","c2c7fc208ce88be52428c67632036fe9a46b41875644810a001172c358dceb51","ce98801bf790afb23f2aca8ed85c721ed261af6481b91d5dac9d6238d429c183","de06d265b6a474923ec13ea3598ab22a9dc9d4d3f214b2038af85e06304769a8","031af7279433fa8e67f2dfdaf33b196c8f8cc145cf4b34a610525ff9c9b1ed10","b73c68dec7882003aaa612fb1aac1c305ce9c9b70a409fe71b82a5a77da9ba5a"],"spent":["7b5aa0ffaa0e427afcac3d2449b5ebae043a2d6701419bfade876873663b4393"]}', NULL, NULL, NULL, X'4D04ED08743482AB65BC14CA739EE33DC58527C6456D9734611F0837FED79418');
INSERT INTO device VALUES ('alice', 'totp/ccc8e133', 1, 'totp', 'phone', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":56666667}', X'01026B311879AAC2D9CE8C3892E128F8BDC75540063C293CA942198331ECE249061A759A8AA07DF2FC9D4E40E81DA81B81D5BDCFB2D74AEA3911F6231828B0B2', X'4206D10146A6F77510E47D7D946D69DFEBAA67586EE31C82B1682292FFE56195', NULL, X'81F00A22F18ED0B3F5357F777D5C6079984FC614148E6044C2CAE196ACB799C3');
CREATE TABLE lane (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        lane    TEXT NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, lane, state
        PRIMARY KEY (account, lane)
    ) STRICT, WITHOUT ROWID;
INSERT INTO lane VALUES ('alice', 'local', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":0}', X'41C5C74A440D48A1718B13C3FF30ED14E69F92FBB9614054BC0A5E944821472A');
INSERT INTO lane VALUES ('alice', 'remote', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":1}', X'EA8F1264A4C789EB7D3015441DA67F617D9320995BCF09767381742454F4517F');
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
INSERT INTO invitation VALUES ('alice', '{"token":"fae665fca3f64ac7cfff79321adb66a19c3946ae9f4e5adcbcd899b94ec8d92f","until":1700086410,"by":0,"device":null}', X'0ED0CCF54AB569A8B30CDC52893F3ADEE99941B83D3EE6394561B9343BDFCB4B');
CREATE TABLE remembered (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        number  INTEGER NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, number, state
        PRIMARY KEY (account, number)
    ) STRICT, WITHOUT ROWID;
INSERT INTO remembered VALUES ('alice', 1, '{"rule":"office","service":"sshd","source":{"address":"192.0.2.7"},"device":"totp/ccc8e133","since":1700000010,"until":1700028810,"last":1700000010}', X'A6B36CE9D05C9A58E65F561A7732DC25B78D7A4059A12CB625A9E27BA42386D6');
CREATE TABLE event (
        seq     INTEGER PRIMARY KEY,      -- the order over all accounts, whatever the clock said
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        at      INTEGER NOT NULL,
        by      INTEGER NOT NULL,         -- the uid that asked for it
        class   TEXT NOT NULL,            -- failure, login or change: each is bounded by itself
        body    TEXT NOT NULL             -- JSON
    ) STRICT;
INSERT INTO event VALUES (1, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"totp/ccc8e133"}');
INSERT INTO event VALUES (2, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"totp/ccc8e133"}');
INSERT INTO event VALUES (3, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"hotp/8cd930c8"}');
INSERT INTO event VALUES (4, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"hotp/8cd930c8"}');
INSERT INTO event VALUES (5, 'alice', 1699999950, 0, 'change', '{"event":"recovery-made","device":"recovery/0dd12082","codes":10}');
INSERT INTO event VALUES (6, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"remote","service":"sshd","from":"","devices":["totp/ccc8e133"]}');
INSERT INTO event VALUES (7, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"local","service":"sshd","from":"","devices":["hotp/8cd930c8"]}');
INSERT INTO event VALUES (8, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"local","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (9, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"self","service":"sshd","from":"","devices":["recovery/0dd12082"]}');
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
