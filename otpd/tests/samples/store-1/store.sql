PRAGMA user_version = 1;
CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL               -- sealed where the key is 'pepper'
    ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('pepper', X'01026B318A56F8849BFD45C4DDBAF83A02AE3EAE1E47963697B87A9797AD602143B25A0A8724093AE6C22C7D3EAF568D041ADA074702B9AEA03EC3B44A629D6C690BD297897B772B652F95D3');
CREATE TABLE account (
        name     TEXT PRIMARY KEY,
        uid      INTEGER UNIQUE,          -- none: a person of an application, never of PAM
        enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
        version  INTEGER NOT NULL,        -- counts commits; a commit that misses one is refused
        created  INTEGER NOT NULL,
        mark     BLOB NOT NULL            -- keyed hash of name, uid, enrolled
    ) STRICT, WITHOUT ROWID;
INSERT INTO account VALUES ('alice', 1000, 1, 11, 1699999950, X'8F7611137076FFB364CA75EB6E5993F6A9E142A5AD9A94054ED45C03FDBD308B');
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
INSERT INTO device VALUES ('alice', 'hotp/6880acd7', 2, 'hotp', 'token', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"next":4,"used":3,"candidate":{"counter":20,"at":1700000010}}', X'01026B31AF716EBC4936DA52517AA922A76C23846F6502F04CE0842BDC6D603B7DF0DF2EB85CEFD4544D4A9EBD4AE94ABBC6C5F482AFEF3EF362649250716F27', X'B22DC06F7C6A39CA6AF6C0BC525558CFC7FB4C83CCB6CC5D73033B15A1C9F708', NULL, X'861F87FC57F7A5009A5871115F481371DDDDE85CAB052F8D95A47548723D703F');
INSERT INTO device VALUES ('alice', 'recovery/5f57ae27', 3, 'recovery', 'recovery', 1, 1699999950, 1700000010, '{"left":["b88250def6c68f7bfa4114cf19aad839a9a9097fac1d1baa8db38f61312b26be","aac9ee9f6f1d16c6abfc8f7b885146a240ad93c4192725aa9964950752daa858","2dc1b749631a439208c51c4b481386b27b879feeb7d4fbab624dac281d43f06a","61c31b19e5ec9fbac802e5878dfa459c34f6dc15d5829d76def31a90e04a6646","ac373e578df190af66872627d3d83fd81bde815b281ecfe42139b215a4487e9f","2bbba9438f07b78c1ff60cafdcf174f4114b0f63dff11784782502f31c51e14f","7a8098e78307626400d29730b7a44983de9cd5b99d0fd6c1cc4bdcc6e6dc9c91","bf57ee5a6212d15d0864bad5f44d0f73e9698110e9176899bacaa15f32d28ea6","e36d358b69abab4efa4a7b5041ce9f05cc44cdc812d79d2b722154685afdf4f0"],"spent":["1dccae32ef054881252c45a5703249f968e64f69dc660b6753ddbd1facdc2722"]}', NULL, NULL, NULL, X'9F7E236115D06CDE2CD2026C5EF39E2EEECA974F85060E00ED40016DBB7CE6F4');
INSERT INTO device VALUES ('alice', 'totp/bd179eff', 1, 'totp', 'phone', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":56666667}', X'01026B31B4F6D050180F155D26494CC8ED799C9F1B0D6F8969E60E98AF38526A08024D8F499D123344272349A0B048E7D9FBD5E6CD79255535B301EC49C3E094', X'795FC37D626149A710032A9E7968880D1442F71D99A6A3A715260652D82728CF', NULL, X'F50AC398EA76A8155EA4842DF62E538589C0A637D685201BEB66E0D6FD59C31A');
CREATE TABLE lane (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        lane    TEXT NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, lane, state
        PRIMARY KEY (account, lane)
    ) STRICT, WITHOUT ROWID;
INSERT INTO lane VALUES ('alice', 'local', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":0}', X'FD2BA8D129F025BFCB5D21ADDCF7AAF0DAFA219DA2791703E2983F7568189624');
INSERT INTO lane VALUES ('alice', 'remote', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":1}', X'9C7B6F9C02324EB01C13DE186BC8A54C793C2CD5DF1065918A5D1D965211D3B7');
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
INSERT INTO invitation VALUES ('alice', '{"token":"bd5b8f2818dcc82b05357737236fb71e23ef543584bd3bb5c601d2faa823847f","until":1700086410,"by":0,"device":null}', X'C257061BEA16D884A697ECA87100C9D6D91A67CB4AD102971337920669D332DD');
CREATE TABLE event (
        seq     INTEGER PRIMARY KEY,      -- the order over all accounts, whatever the clock said
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        at      INTEGER NOT NULL,
        by      INTEGER NOT NULL,         -- the uid that asked for it
        class   TEXT NOT NULL,            -- failure, login or change: each is bounded by itself
        body    TEXT NOT NULL             -- JSON
    ) STRICT;
INSERT INTO event VALUES (1, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"totp/bd179eff"}');
INSERT INTO event VALUES (2, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"totp/bd179eff"}');
INSERT INTO event VALUES (3, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"hotp/6880acd7"}');
INSERT INTO event VALUES (4, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"hotp/6880acd7"}');
INSERT INTO event VALUES (5, 'alice', 1699999950, 0, 'change', '{"event":"recovery-made","device":"recovery/5f57ae27","codes":10}');
INSERT INTO event VALUES (6, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"remote","service":"sshd","from":"","devices":["totp/bd179eff"]}');
INSERT INTO event VALUES (7, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"local","service":"sshd","from":"","devices":["hotp/6880acd7"]}');
INSERT INTO event VALUES (8, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"local","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (9, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"self","service":"sshd","from":"","devices":["recovery/5f57ae27"]}');
INSERT INTO event VALUES (10, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"remote","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (11, 'alice', 1700000010, 0, 'change', '{"event":"invited","until":1700086410}');
CREATE INDEX device_fingerprint ON device (fingerprint);
CREATE INDEX event_account ON event (account, class, seq);
