PRAGMA user_version = 1;
CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL               -- sealed where the key is 'pepper'
    ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('pepper', X'01026B310CF626B6F228A52471632CFACE658FC200A5B6C3D825307A3EB11E8B71A0FCABF73DBD4E67EF496EF920DE6E75316EFF1EC0C52E0062FE94858305E4162DA3E062972BC84FD33C82');
CREATE TABLE account (
        name     TEXT PRIMARY KEY,
        uid      INTEGER UNIQUE,          -- none: a person of an application, never of PAM
        enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
        version  INTEGER NOT NULL,        -- counts commits; a commit that misses one is refused
        created  INTEGER NOT NULL,
        mark     BLOB NOT NULL            -- keyed hash of name, uid, enrolled
    ) STRICT, WITHOUT ROWID;
INSERT INTO account VALUES ('alice', 1000, 1, 11, 1699999950, X'D2AAA4B0F6488CEC7B881750A00882638E49E926C2789B9D3454F90E095081A8');
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
INSERT INTO device VALUES ('alice', 'hotp/c6b698b3', 2, 'hotp', 'token', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"next":4,"used":3,"candidate":{"counter":20,"at":1700000010}}', X'01026B312A210B0938850EB02C60A636D5E4C52D5D5017F02A8FD934D1A28D7283E90E5EC4BE49682B323BC8CAE73106DB6BF1397B7C74C7D780992AF36FCF14', X'810E2209D1F5EA5BC1C001FD91D79F1C279634822259B8C2C939F28B3117C54B', NULL, X'D94D9A22AA335DBC1AE25E957E4E651B36A7FFC5FC2F7E3BC255B089F719C5B8');
INSERT INTO device VALUES ('alice', 'recovery/69674f1c', 3, 'recovery', 'recovery', 1, 1699999950, 1700000010, '{"left":["6c4ce4f037fe9d0719af29164f62428a7b9c09ba1f5eed5892a5bc0ba811a04e","93f14a8e6ad176a3f842410ed1ddff36c773dee47e653d48252aaa7da3f6d6bf","fa138f9c9f634825c05d7d60c978c6cfdacf802a3f0c480ba6737cc9c39d8a6c","89d128813d495adbc22484f9ab80415245c197f5d2a9ecfe22e3a38edae071e0","dc8d6e86271dab13e47a36616d2a86aa062a1ce0e27bb088f540d850ea2a666b","1d660927bcb1b36e5e89800886ebeb75ba381fc0ac08240563b43b62b5b085c8","f3cb1bd59389c52e94fa4da3608d9d6711b1ab9a713e966272397bea8ddcbcd9","66154ba7f3e2114573c26dda151fe9e0c4e9ad808b3e3fd608abf39a39b11330","a483967ce472cc4ababc88f24a7da8b312d3c03784e8c3738aaa6a4892609c0c"],"spent":["640398b9e1e83d66b54613affacd616cacefbea2fc66943ef40056d3b98b3dd6"]}', NULL, NULL, NULL, X'92BBC1DD376F8684C9AA4FA58B47CF3D06D46AC6EF1F26D7988D37D510614C27');
INSERT INTO device VALUES ('alice', 'totp/62750a72', 1, 'totp', 'phone', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":56666667}', X'01026B314A5E071C907C47DC016DCAAF85463ED77175B59FAF5EE51FBF0D582B019B78E3B932DB38D811CD842770C361C73A0D657B29AAA55B3E524A27713417', X'E6F99247A94275EC7CB4CB18A52D9D96E11894F918D3F7651B09C76BE80E7A0A', NULL, X'9FC83B8FDB435BD065C44A1F52E4DCB8680306D5231E783C27E9AE89378E8647');
CREATE TABLE lane (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        lane    TEXT NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, lane, state
        PRIMARY KEY (account, lane)
    ) STRICT, WITHOUT ROWID;
INSERT INTO lane VALUES ('alice', 'local', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":0}', X'3AE59682E67967D7BDB347623074AEE0FA2B45ABC939A7E5A5CDD63978DD196E');
INSERT INTO lane VALUES ('alice', 'remote', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":1}', X'7426DD16114DFE957B2791191B5CEE8899119822E3EF87DD2565EB5CEA828B4B');
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
INSERT INTO invitation VALUES ('alice', '{"token":"a73b4060ed2f9fa2dae8851bbeec6d3315fccd334d8ffd83ebb0ff0cda4dd254","until":1700086410,"by":0,"device":null}', X'C8DF6D7C38AAD8D0BF7A9AD141E38413505C8F0612BB3B2B15F5438507B5D02A');
CREATE TABLE remembered (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        number  INTEGER NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, number, state
        PRIMARY KEY (account, number)
    ) STRICT, WITHOUT ROWID;
INSERT INTO remembered VALUES ('alice', 1, '{"rule":"office","service":"sshd","source":{"address":"192.0.2.7"},"device":"totp/62750a72","since":1700000010,"until":1700028810,"last":1700000010}', X'FBC874D6C9E64055EE5407D360C580CA602552A9096FE8589B50B0F597FEABFE');
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
INSERT INTO event VALUES (1, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"totp/62750a72"}');
INSERT INTO event VALUES (2, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"totp/62750a72"}');
INSERT INTO event VALUES (3, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"hotp/c6b698b3"}');
INSERT INTO event VALUES (4, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"hotp/c6b698b3"}');
INSERT INTO event VALUES (5, 'alice', 1699999950, 0, 'change', '{"event":"recovery-made","device":"recovery/69674f1c","codes":10}');
INSERT INTO event VALUES (6, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"remote","service":"sshd","from":"","devices":["totp/62750a72"]}');
INSERT INTO event VALUES (7, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"local","service":"sshd","from":"","devices":["hotp/c6b698b3"]}');
INSERT INTO event VALUES (8, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"local","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (9, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"self","service":"sshd","from":"","devices":["recovery/69674f1c"]}');
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
