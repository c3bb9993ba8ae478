PRAGMA user_version = 1;
CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL               -- sealed where the key is 'pepper'
    ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('pepper', X'01026B313402F512D1A789A574113B18D05F42EFF5DAD6C206B2D684E13815B7C698F9411F891623986325D2EDC21E9520DF124118E5EC2155E15D4DD2EBF2CA25136FE940B653F76A0BE833');
CREATE TABLE account (
        name     TEXT PRIMARY KEY,
        uid      INTEGER UNIQUE,          -- none: a person of an application, never of PAM
        enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
        version  INTEGER NOT NULL,        -- counts commits; a commit that misses one is refused
        created  INTEGER NOT NULL,
        mark     BLOB NOT NULL            -- keyed hash of name, uid, enrolled
    ) STRICT, WITHOUT ROWID;
INSERT INTO account VALUES ('alice', 1000, 1, 11, 1699999950, X'22129DE780C0CB56B868F5ADE6A80C1BE7C3679763EC75CFBC86BD018F03D9B2');
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
INSERT INTO device VALUES ('alice', 'hotp/a9213b2f', 2, 'hotp', 'token', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"next":4,"used":3,"candidate":{"counter":20,"at":1700000010}}', X'01026B31A7A2C531702DAF40596C91403A7D712956C5ED72D1B35AA22493E47C27CF28EA78E41B95F892BAED3CCAF5860613CA0A8D3A8381D260333BB339C7F1', X'28E2311CD854890311D8D5CC409CB342F79F1F852CD800E10C5222593012F145', NULL, X'AC183D14BADAA16EB055EF46161CC846CF30396E5074DA8A0DA514A5A55D8E1C');
INSERT INTO device VALUES ('alice', 'recovery/5952449c', 3, 'recovery', 'recovery', 1, 1699999950, 1700000010, '{"left":["a75d86603a67ef6e1824dcf84e14d25237b8e452c0d92421a8881f95179c4211","0400459c9db15b1d44cf12bb51d284ebbbe36da2f6c30e221bb9f19dd3df995b","2353f42c9e5f2df4fc54e68b63795527574757e8fda1afc5670fc94feeba1a56","c623e2059189ed495de718ea1563b1ee3ee963cbcc335f92d4feac53a991eb61","3576f590d67c880584ae02552b2fd840bf3c9b846dc35ee4f080a18ec7897eed","e1dd159be07b03d5fc2a0cbdb7bf28622275497aee91457ede361df678c8cda7","22d92dd6e744d24fc6ccbfe32286922db88b797df2cd44bcd3481ea1e9a0a607","36603fd92580d14d5040793b959e9010c305607296cd91e58705e79a9d13fe7a","6fff8e0881a8e7d31a1a7f2fc354d932bda99673860019cb37587048e287fbda"],"spent":["ee84ce191442459a5f87e6024d95b08776934589f5b4da76225d485ae98eda77"]}', NULL, NULL, NULL, X'AFD7B8FC6B263EDC8456160692C6258826B9317995E9D807CADD70B249649704');
INSERT INTO device VALUES ('alice', 'totp/930e4933', 1, 'totp', 'phone', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":56666667}', X'01026B314B62E90CF2B0F5598E91500088557CF7F2822BBC93D8194FC4D9837D453FEBAEA6E4C58B3C812302943E630BB9564FE583F0D2357F99A9ECE4E6F884', X'474E21473CF2AD97CFA8C632798D627DC72BE2F7AAFC603173FB95996C9FF0D2', NULL, X'3D51A60E2E3E8B5E3D0B8936D631864BEAD582F89B42E97798BFAFF4EC5E3012');
CREATE TABLE lane (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        lane    TEXT NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, lane, state
        PRIMARY KEY (account, lane)
    ) STRICT, WITHOUT ROWID;
INSERT INTO lane VALUES ('alice', 'local', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":0}', X'F7541BAF1CA251FAABA5C455F797185E0F74C49801B498B77D4B4797A6136CFF');
INSERT INTO lane VALUES ('alice', 'remote', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":1}', X'9E450E89FB06EEB6CE9E37B8DD5689654BF098C7E19F107163965C34D6EE2854');
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
INSERT INTO invitation VALUES ('alice', '{"token":"8160983bff2c8679ab7e9f0ed7193212da3d5440b5d8ed8837823695838e457a","until":1700086410,"by":0,"device":null}', X'075678C85A31C27825DB7BE5CCF70601CFFB140058A0EA8C83903BECCB645378');
CREATE TABLE remembered (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        number  INTEGER NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, number, state
        PRIMARY KEY (account, number)
    ) STRICT, WITHOUT ROWID;
INSERT INTO remembered VALUES ('alice', 1, '{"rule":"office","service":"sshd","source":{"address":"192.0.2.7"},"device":"totp/930e4933","since":1700000010,"until":1700028810,"last":1700000010}', X'A33C0F65D499E9E6627E96360823ED4011019CD4ECD00AF66E462E49776391B9');
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
INSERT INTO event VALUES (1, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"totp/930e4933"}');
INSERT INTO event VALUES (2, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"totp/930e4933"}');
INSERT INTO event VALUES (3, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"hotp/a9213b2f"}');
INSERT INTO event VALUES (4, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"hotp/a9213b2f"}');
INSERT INTO event VALUES (5, 'alice', 1699999950, 0, 'change', '{"event":"recovery-made","device":"recovery/5952449c","codes":10}');
INSERT INTO event VALUES (6, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"remote","service":"sshd","from":"","devices":["totp/930e4933"]}');
INSERT INTO event VALUES (7, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"local","service":"sshd","from":"","devices":["hotp/a9213b2f"]}');
INSERT INTO event VALUES (8, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"local","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (9, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"self","service":"sshd","from":"","devices":["recovery/5952449c"]}');
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
