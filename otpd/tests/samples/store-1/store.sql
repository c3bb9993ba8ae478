PRAGMA user_version = 1;
CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL               -- sealed where the key is 'pepper'
    ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('pepper', X'01026B31ACC938FB06A1A3DB15E5AB260184C6ACFDC6C16B979087A31F1BF6B2D4A5FF567359A192E2A58A4FECF05C5E35B7236E481B9350FCD26641A827AE8C77BFE545ACAA7DF94AC7214D');
CREATE TABLE account (
        name     TEXT PRIMARY KEY,
        uid      INTEGER UNIQUE,          -- none: a person of an application, never of PAM
        enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
        version  INTEGER NOT NULL,        -- counts commits; a commit that misses one is refused
        created  INTEGER NOT NULL,
        mark     BLOB NOT NULL            -- keyed hash of name, uid, enrolled
    ) STRICT, WITHOUT ROWID;
INSERT INTO account VALUES ('alice', 1000, 1, 11, 1699999950, X'A08DCF17EE68CB4AEF4BDA85C11FBBF56C8BEE67AAA1F414E3D4A9DFC9CF2075');
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
INSERT INTO device VALUES ('alice', 'hotp/9855c6ad', 2, 'hotp', 'token', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"next":4,"used":3,"candidate":{"counter":20,"at":1700000010}}', X'01026B311C36F00865A365C5C90DF75CA7BF28537FFB1ABE4F89B272D19956B87D651CC46A01B340D0E18B87363514928A807B0EF9E0DCF5114582BB99814F80', X'B5A56DA23EC63B64944B07280EBEE3E96CFD8F4E0CD0E60E7F894E6DFFD35B72', NULL, X'3D2FDAAF1C7CB4D96CCB2E0FAAEBC009EDC07EA50674B2907BF242F42C0A6EC5');
INSERT INTO device VALUES ('alice', 'recovery/5b058f9e', 3, 'recovery', 'recovery', 1, 1699999950, 1700000010, '{"left":["1acd231ed351b163408adc58c4d09eeeed2a8b62b5287e0a02cf48da90704a90","04002f80fee768538f51ec7ae51308c8a3ee6d0cd4c6e6b35b6fde361292ea19","5950a6c70358eb2de1cbe3b93e898332904b959910a695ad142f34a659530ad8","b2e4aba6fad2cd953758114227738149f49fced0acbf0f9f5e79ae07e21af032","e9d0a3cf85fa14bce0593bcab0a1c3f25aab0181ea2242a9714f48d9ccb540e3","6f71eebe6a16c1f3f9bd1f849788cd6f0f9fea3c4aad30ebb715c3999c3d857f","370e40a8c3e44575bfdba5b8fe95c84a408f22f17d14a87e7d0374e24be4aa59","55d4a04983ebe27d705c601604787c9e71f4865ed706d55853cd9ddb00d17430","6f317c668d0e8b1b6aba17b99a2a7da69875b6771bb7e3553abfc5d547d735f7"],"spent":["e7ef65fd20ddb1fd4e534d4ac44efa1ef4921414e6c8a2ad6684c5268f6a75cb"]}', NULL, NULL, NULL, X'DF014C073473F13D1C60FDFB55F482F4C52836CBBF94A3A5D945FC22A1B4F9EA');
INSERT INTO device VALUES ('alice', 'totp/fb027ffc', 1, 'totp', 'phone', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":56666667}', X'01026B310418C73848C8FAF47ED921CE2C0B8BA4BFCF489BEC9B6E48E8BFEFD31CE8C58503FF9AE148B4470698C2AE69CB4AD7341B7F1D9D042CB921253AB570', X'27570DEC32BE59E58DA042836BA88409236691304DDB2CCCA88102575E12F827', NULL, X'E48730E40A8DD9626EFCC2DD01C971C02054B80BF77BB2B23EAA9E10EF969847');
CREATE TABLE lane (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        lane    TEXT NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, lane, state
        PRIMARY KEY (account, lane)
    ) STRICT, WITHOUT ROWID;
INSERT INTO lane VALUES ('alice', 'local', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":0}', X'CED8BAEAAC05B920C96F08F5171BB9BD194891D241B11228426E00DA89FC0E8C');
INSERT INTO lane VALUES ('alice', 'remote', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":1}', X'0F0AE3100017AE49E939D5DCA2B4FF7DDCF268B980617454C0C08CA65126BDBE');
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
INSERT INTO invitation VALUES ('alice', '{"token":"1a9267294b0ba45ff32c69a1487238dd3221f4781572478496f024b0c00fa294","until":1700086410,"by":0,"device":null}', X'1D1D7EF09426B736274F5BA54A977ED94AEE04E6DD5648F66C411F1E532D3A74');
CREATE TABLE event (
        seq     INTEGER PRIMARY KEY,      -- the order over all accounts, whatever the clock said
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        at      INTEGER NOT NULL,
        by      INTEGER NOT NULL,         -- the uid that asked for it
        class   TEXT NOT NULL,            -- failure, login or change: each is bounded by itself
        body    TEXT NOT NULL             -- JSON
    ) STRICT;
INSERT INTO event VALUES (1, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"totp/fb027ffc"}');
INSERT INTO event VALUES (2, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"totp/fb027ffc"}');
INSERT INTO event VALUES (3, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"hotp/9855c6ad"}');
INSERT INTO event VALUES (4, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"hotp/9855c6ad"}');
INSERT INTO event VALUES (5, 'alice', 1699999950, 0, 'change', '{"event":"recovery-made","device":"recovery/5b058f9e","codes":10}');
INSERT INTO event VALUES (6, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"remote","service":"sshd","from":"","devices":["totp/fb027ffc"]}');
INSERT INTO event VALUES (7, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"local","service":"sshd","from":"","devices":["hotp/9855c6ad"]}');
INSERT INTO event VALUES (8, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"local","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (9, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"self","service":"sshd","from":"","devices":["recovery/5b058f9e"]}');
INSERT INTO event VALUES (10, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"remote","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (11, 'alice', 1700000010, 0, 'change', '{"event":"invited","until":1700086410}');
CREATE TABLE caller (
        uid   INTEGER PRIMARY KEY,        -- who asked for what is no account's own, and failed
        state TEXT NOT NULL,              -- JSON
        mark  BLOB NOT NULL               -- keyed hash of uid, state
    ) STRICT;
CREATE INDEX device_fingerprint ON device (fingerprint);
CREATE INDEX event_account ON event (account, class, seq);
