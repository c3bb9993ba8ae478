PRAGMA user_version = 1;
CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL               -- sealed where the key is 'pepper'
    ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('pepper', X'01026B314A056C0F2E2419D94247AADDEB8D0485840D1451D06435EAFF44588320FA29093D518BF3E610BF4F80B1CAB83D9EB2C756425AAD9EF33CD038DD5C3EA71CCD342C7381EE8D42A04E');
CREATE TABLE account (
        name     TEXT PRIMARY KEY,
        uid      INTEGER UNIQUE,          -- none: a person of an application, never of PAM
        enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
        version  INTEGER NOT NULL,        -- counts commits; a commit that misses one is refused
        created  INTEGER NOT NULL,
        mark     BLOB NOT NULL            -- keyed hash of name, uid, enrolled
    ) STRICT, WITHOUT ROWID;
INSERT INTO account VALUES ('alice', 1000, 1, 11, 1699999950, X'E7A1E5E610E20AF44E77A315548402353AE4E6C8568D20DF1B49F057EE4F413E');
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
INSERT INTO device VALUES ('alice', 'hotp/334ccf93', 2, 'hotp', 'token', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"next":4,"used":3,"candidate":{"counter":20,"at":1700000010}}', X'01026B31F706385095ADF0548F31962085F12C362662EE32DDD5F150D0E24C17D4491A6154A311B483E59EA1CFB4BC58FF44C4A5669E08FBB13C92B36D933D64', X'43D8BBF1645802985502FD3F2CB3FD2E544F499C1B7E20905BCD1DC764C85E93', NULL, X'A340AFEC924845389EDCDA34F3930F64F4170347E745E72249B384E1239FAA65');
INSERT INTO device VALUES ('alice', 'recovery/33d219db', 3, 'recovery', 'recovery', 1, 1699999950, 1700000010, '{"left":["bc63dec9c51353cced5e91ccd94e577384380aa612e48bd280bf93e0bf91d8d2","8f7d0cbc0ce1eec98ba27b03b909173cbd55634bc51b4562296da5b1ac498293","9754ac3a8621caaaff60eb471d5637a0898d295be91f1cbb0e8f8f12af192b13","616de9c380e491d9757cbba412f2019fed2f80c5f1a2fdc6c837487d1a801a05","35c6e2a9bff68908ee8d5a61ef8fc4bcf89f8a97133ecdbf86e583370a39443f","16996fb6c6935984f73e53ca01053af911c81abda651da94f75b7011847ae842","605cbe8844f0d7583543b6b008644abbb813a23687cc5fb954b6dbc6a5678085","a73fd3f69c883a358a59f29df5c6ef6ab2a75c0a8b776ef19d8b6c9b987b5e6b","dcd51b03161342dbffdcc5b8b49b3d10c104855707240ce59e4bd475d7027630"],"spent":["810eb2582146f5d92eb2b3aa7312d83e5b9383a2bac08033c2fcda4aab2b0b3b"]}', NULL, NULL, NULL, X'89BFDFC01C8DFD390BE49B3BDE6B3284D2BF0E2986903E4B51C2B785D575CD0B');
INSERT INTO device VALUES ('alice', 'totp/2cebbf15', 1, 'totp', 'phone', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":56666667}', X'01026B313D5C8BA4CF3E53C70D59D7D522FF2CEC913664F2A3A71D7B783E3D2B3E410F0043CD6D391620FE4D81B212AD4A3141B8A8289A2F65CBA0DC6F2CA034', X'106F4C3B2AC3BF449BC98FE6731C8A41824F95A1FFE7F7693A3B1D9F82C34343', NULL, X'1B57E71772F2E1346A38F3557861F6387BDC610D48D77AEBA20D59D6D7C29B20');
CREATE TABLE lane (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        lane    TEXT NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, lane, state
        PRIMARY KEY (account, lane)
    ) STRICT, WITHOUT ROWID;
INSERT INTO lane VALUES ('alice', 'local', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":0}', X'69240C827770700E987112BF3A5A94CC78DA50DD596480087E1EFF7A3CF48CC1');
INSERT INTO lane VALUES ('alice', 'remote', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":1}', X'0BD7CD8907EF26CCE34F2DE60AD4516402B304C87B663DCD4516BACF1F510DA5');
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
INSERT INTO invitation VALUES ('alice', '{"token":"30eece9de1e27aa05f2e7db692071fc0457458aaa7039eb24b0f1055bfe33bc6","until":1700086410,"by":0,"device":null}', X'F4F26B13AFCCEF21EC66148F9BDC47ADA6473970026CF6D829A6230594439D57');
CREATE TABLE remembered (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        number  INTEGER NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, number, state
        PRIMARY KEY (account, number)
    ) STRICT, WITHOUT ROWID;
INSERT INTO remembered VALUES ('alice', 1, '{"rule":"office","service":"sshd","source":{"address":"192.0.2.7"},"device":"totp/2cebbf15","since":1700000010,"until":1700028810,"last":1700000010}', X'E36FCF1FF315744C5FF7D4A0DF93B51C66343A4267B4D6CB1F25DADF4CEDE724');
CREATE TABLE event (
        seq     INTEGER PRIMARY KEY,      -- the order over all accounts, whatever the clock said
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        at      INTEGER NOT NULL,
        by      INTEGER NOT NULL,         -- the uid that asked for it
        class   TEXT NOT NULL,            -- failure, login or change: each is bounded by itself
        body    TEXT NOT NULL             -- JSON
    ) STRICT;
INSERT INTO event VALUES (1, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"totp/2cebbf15"}');
INSERT INTO event VALUES (2, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"totp/2cebbf15"}');
INSERT INTO event VALUES (3, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"hotp/334ccf93"}');
INSERT INTO event VALUES (4, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"hotp/334ccf93"}');
INSERT INTO event VALUES (5, 'alice', 1699999950, 0, 'change', '{"event":"recovery-made","device":"recovery/33d219db","codes":10}');
INSERT INTO event VALUES (6, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"remote","service":"sshd","from":"","devices":["totp/2cebbf15"]}');
INSERT INTO event VALUES (7, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"local","service":"sshd","from":"","devices":["hotp/334ccf93"]}');
INSERT INTO event VALUES (8, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"local","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (9, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"self","service":"sshd","from":"","devices":["recovery/33d219db"]}');
INSERT INTO event VALUES (10, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"remote","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (11, 'alice', 1700000010, 0, 'change', '{"event":"invited","until":1700086410}');
CREATE TABLE caller (
        uid   INTEGER PRIMARY KEY,        -- who asked for what is no account's own, and failed
        state TEXT NOT NULL,              -- JSON
        mark  BLOB NOT NULL               -- keyed hash of uid, state
    ) STRICT;
CREATE INDEX device_fingerprint ON device (fingerprint);
CREATE INDEX event_account ON event (account, class, seq);
