PRAGMA user_version = 1;
CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL               -- sealed where the key is 'pepper'
    ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('pepper', X'01026B31E86268BE87540F2C15BEAAAA4CDCF5477ABEC8FB90FC95A74073918589AED0CC8ADCBCF002467BFC392739B1D667D0A06C72B2FB1A699EEB0DFF0E5B8EC0115F601BAF9F6A71F317');
CREATE TABLE account (
        name     TEXT PRIMARY KEY,
        uid      INTEGER UNIQUE,          -- none: a person of an application, never of PAM
        enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
        version  INTEGER NOT NULL,        -- counts commits; a commit that misses one is refused
        created  INTEGER NOT NULL,
        mark     BLOB NOT NULL            -- keyed hash of name, uid, enrolled
    ) STRICT, WITHOUT ROWID;
INSERT INTO account VALUES ('alice', 1000, 1, 11, 1699999950, X'2BB28B78C6A68AAE7CD63E7FCB1E56FFE795CB8179CF513EF4AB7F38057A30BD');
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
INSERT INTO device VALUES ('alice', 'hotp/ca52620a', 2, 'hotp', 'token', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"next":4,"used":3,"candidate":{"counter":20,"at":1700000010}}', X'01026B31FC67A420A980BBE719FF34DD10197581D5878B3D67E1C6A80EC1C7067E6EEB0C92C40A3B852A347F7DFC73A3D28DF963C5A0A99089FC0B401D6E2DF3', X'628BFA80129FBE1426B4D09588AA605EB496ED5FD8DB3417252B89A1E57E52FF', NULL, X'98EF2EF33188A1DABABEA93847AE32373B63ABED9BFFF94B3DAA619E19DBF65C');
INSERT INTO device VALUES ('alice', 'recovery/0e101036', 3, 'recovery', 'recovery', 1, 1699999950, 1700000010, '{"left":["86356e84ed22cfc7edf576f27d43baacd8c9b80a9fdc1f62965e09d316edca7a","396b9bfb9e636ed1680ade6be03fd6c7436b58ef6531aa7f1132f1ccd903a9d6","7c934d2008ae6b6d738bf8e0851688827e451621348c345c6016b4c17626fa59","66b24eb9e38242103a5e42ce3214bfb0ed770da1ef1267499c335b7a6ed2f5d4","40a17a9f18ed960a5150987f0e4f91a8f7f6583e238757163a97fc2716901c24","39fb7835fd4ae0484d433b6875d2a205bda4bab41efbcbcfee9f6c0013daee74","c2e41c258d46f5a2ecdb066ac411cd035f95e6cfd14664e876d847b4e5887bdb","1cb1449994cb60652473c1aa276fda50d2ca84d33b0af43e5ec1e3b26755e7bd","907f2188c6f65270888b0c6dc04a6a2418295943b69352cb8e3c6cdd9dd5987d"],"spent":["bcce3452cbeea8c237a95cabc3262cac9eafac82f3b753dffeae16c1e07bac94"]}', NULL, NULL, NULL, X'13BB4753A7A9FD40DC77764DD285A262835455B5234EA4CE17265AD54E8F7B19');
INSERT INTO device VALUES ('alice', 'totp/514aceff', 1, 'totp', 'phone', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":56666667}', X'01026B31380448CE48BCD54A5AF38158DDC2CF0E7ADD9DC226B74F8981581F158D3CCB93181B7CFF73BFB009DBDFD832405D408D8A15FA6EE76F3D8D3673D1F8', X'F4104D4D052E91110B83A45DB217B1FF07F2F92682FD81D66F1F428992867CA9', NULL, X'F7371BDACFF3F729D3D62338CBB80053538B41C7D6D45FE8242BDC736E76CD35');
CREATE TABLE lane (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        lane    TEXT NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, lane, state
        PRIMARY KEY (account, lane)
    ) STRICT, WITHOUT ROWID;
INSERT INTO lane VALUES ('alice', 'local', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":0}', X'A2B3BE05CA49D356B77FDDEAED717A27F932BD6FD478D5AAD067442372CCEBEC');
INSERT INTO lane VALUES ('alice', 'remote', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":1}', X'C66B86284F1EDC3D2E0B4268CB07C6F898B8BF6617ADA7ABAE0304B5257B7EC4');
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
INSERT INTO invitation VALUES ('alice', '{"token":"f156235ee40d59dc1b6fb5cf85c3d506540634bf02e42257811e2287c71d49da","until":1700086410,"by":0,"device":null}', X'43BC29FE0F88D117834EB0C61B480EAEC046CE198F35C7C8368FF2BD1E664FC5');
CREATE TABLE remembered (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        number  INTEGER NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, number, state
        PRIMARY KEY (account, number)
    ) STRICT, WITHOUT ROWID;
INSERT INTO remembered VALUES ('alice', 1, '{"rule":"office","service":"sshd","source":{"address":"192.0.2.7"},"device":"totp/514aceff","since":1700000010,"until":1700028810,"last":1700000010}', X'4E96F444BBE1BF64B601394CE96D6922D91780F662DDE8D96707693080CA5D34');
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
INSERT INTO event VALUES (1, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"totp/514aceff"}');
INSERT INTO event VALUES (2, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"totp/514aceff"}');
INSERT INTO event VALUES (3, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"hotp/ca52620a"}');
INSERT INTO event VALUES (4, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"hotp/ca52620a"}');
INSERT INTO event VALUES (5, 'alice', 1699999950, 0, 'change', '{"event":"recovery-made","device":"recovery/0e101036","codes":10}');
INSERT INTO event VALUES (6, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"remote","service":"sshd","from":"","devices":["totp/514aceff"]}');
INSERT INTO event VALUES (7, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"local","service":"sshd","from":"","devices":["hotp/ca52620a"]}');
INSERT INTO event VALUES (8, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"local","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (9, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"self","service":"sshd","from":"","devices":["recovery/0e101036"]}');
INSERT INTO event VALUES (10, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"remote","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (11, 'alice', 1700000010, 0, 'change', '{"event":"invited","until":1700086410}');
CREATE TABLE contact (
        holder  INTEGER NOT NULL,         -- the uid of the application
        address BLOB NOT NULL,            -- keyed hash of the address
        touched INTEGER NOT NULL,         -- for tidying up
        state   TEXT NOT NULL,            -- JSON, with keyed hashes of code and identifier
        mark    BLOB NOT NULL,            -- keyed hash of holder, address, state
        PRIMARY KEY (holder, address)
    ) STRICT, WITHOUT ROWID;
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
CREATE INDEX contact_touched ON contact (touched);
CREATE INDEX token_family_device ON token_family (account, device);
CREATE INDEX token_family_holder ON token_family (holder);
CREATE INDEX token_family_until ON token_family (until);
