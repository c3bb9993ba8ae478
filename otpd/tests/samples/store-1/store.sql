PRAGMA user_version = 1;
CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL               -- sealed where the key is 'pepper'
    ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('pepper', X'01026B31F8DDD32C7AB6AADC82A77AE52581ADC3228303DCE55C69043E39EF03585805FF5CC442185036B40D4F04AF555AA9F467EB235CCD6FF8131BD2338C89C0EC67F975DD285D7ED726C6');
CREATE TABLE account (
        name     TEXT PRIMARY KEY,
        uid      INTEGER UNIQUE,          -- none: a person of an application, never of PAM
        enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
        version  INTEGER NOT NULL,        -- counts commits; a commit that misses one is refused
        created  INTEGER NOT NULL,
        mark     BLOB NOT NULL            -- keyed hash of name, uid, enrolled
    ) STRICT, WITHOUT ROWID;
INSERT INTO account VALUES ('alice', 1000, 1, 11, 1699999950, X'3C131C799428240A8A32F3BDFF2EC0581BBD450D38E2C87E09C216D1A875283E');
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
INSERT INTO device VALUES ('alice', 'hotp/de7955a8', 2, 'hotp', 'token', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"next":4,"used":3,"candidate":{"counter":20,"at":1700000010}}', X'01026B31BA2EF626FBF3822D0813289340FF87005DA011E3EDDAA470D7EDF2C3EB2360C4A0258FC72BAB355E686051CC06235099CFFEBF359071806816832F9D', X'E32E7C7AAE9C5A1E1311554FC59F9EF643D511F5EE73FBA66F034A7CBEA5F00E', NULL, X'3195036D453568EDC11BD50E2AB37509D76B2115E3C92E61494F13DDDAFAD6B6');
INSERT INTO device VALUES ('alice', 'recovery/80e2adc9', 3, 'recovery', 'recovery', 1, 1699999950, 1700000010, '{"left":["f78fc888c452f7122a6f4b3b5e5d9d51d0b8089cbfe91ab4ff23415e4b166ef1","485044485a87253d6a7063b5b09629ef78eae40638cb2b3589ddea5f8c408c4f","fa957ff8ec1c60f88761fa0226f57e3cbdd61d989cbe3b022d0b3984daac051b","34bd859b93fcfd635091dc68f2fe4584155fee5e3bac1257e18e61410fc22ee6","19f3cd09294267c4438e1ee210f31795c0b58e205e783c36ed52346f0008fde4","adb70fee39fad90e8429535f80c631537a4dfe587ca0547e851b64dcff4dbfc6","90fc73c32fcf49e701e885e4b5664263024a9cde03b4646d5d97871d20310672","fa9c5b864342a0fca8df4ff99e18c9df11633cb7dad0905ff8e063222623f420","a17968ea74bf7e75636d8861e3e3d74be0d76de3ff2ed9d0dfeccd4fce41a0c0"],"spent":["1f9f3e279ee4063c19ada3f4d942f6262f0dddec42c8d008220e04f0bbf737c9"]}', NULL, NULL, NULL, X'3EBB7C66D258EE515BD9BA75B95E0283B86A444FB016232149B0D93A06A72E2E');
INSERT INTO device VALUES ('alice', 'totp/841a6b40', 1, 'totp', 'phone', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":56666667}', X'01026B311675743F029D2240E0E994A833A2DC3820FA5290EEF0C87D216B2E4A4D3F3176AB86573C9EA1E070D93691850C846820371CF32A3E62748C075E567C', X'0A4DD698C56BA8BEE36AADCC48308EBB38C680688F7BA612A98E11621D44F586', NULL, X'FEADAE81B689430B4B6F0656A459046414671B71A891F7EC3A8FA33BF1303EF0');
CREATE TABLE lane (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        lane    TEXT NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, lane, state
        PRIMARY KEY (account, lane)
    ) STRICT, WITHOUT ROWID;
INSERT INTO lane VALUES ('alice', 'local', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":0}', X'AB9B2671B27302813DA4DBD499998F031281FF96B2E3F27C65328A7C61A25ACD');
INSERT INTO lane VALUES ('alice', 'remote', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":1}', X'35E69F492C5D61CEAA749427559FED1F0B130D66942C34DFC52CDCAC811D7965');
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
INSERT INTO invitation VALUES ('alice', '{"token":"924901e5dc4f33b62be25edbb855718be5832b020c40a95c3fc2de02ca1816ed","until":1700086410,"by":0,"device":null}', X'725EF130241BF172F776F84842E658075E0B9FCF4DEAB08271BAE5D16D0BB76A');
CREATE TABLE remembered (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        number  INTEGER NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, number, state
        PRIMARY KEY (account, number)
    ) STRICT, WITHOUT ROWID;
INSERT INTO remembered VALUES ('alice', 1, '{"rule":"office","service":"sshd","source":{"address":"192.0.2.7"},"device":"totp/841a6b40","since":1700000010,"until":1700028810,"last":1700000010}', X'1A0FD9076B741D78FA4E786DBF8A22B4D465A2B722C7EAF12A704EF4A539629D');
CREATE TABLE event (
        seq     INTEGER PRIMARY KEY,      -- the order over all accounts, whatever the clock said
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        at      INTEGER NOT NULL,
        by      INTEGER NOT NULL,         -- the uid that asked for it
        class   TEXT NOT NULL,            -- failure, login or change: each is bounded by itself
        body    TEXT NOT NULL             -- JSON
    ) STRICT;
INSERT INTO event VALUES (1, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"totp/841a6b40"}');
INSERT INTO event VALUES (2, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"totp/841a6b40"}');
INSERT INTO event VALUES (3, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"hotp/de7955a8"}');
INSERT INTO event VALUES (4, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"hotp/de7955a8"}');
INSERT INTO event VALUES (5, 'alice', 1699999950, 0, 'change', '{"event":"recovery-made","device":"recovery/80e2adc9","codes":10}');
INSERT INTO event VALUES (6, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"remote","service":"sshd","from":"","devices":["totp/841a6b40"]}');
INSERT INTO event VALUES (7, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"local","service":"sshd","from":"","devices":["hotp/de7955a8"]}');
INSERT INTO event VALUES (8, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"local","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (9, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"self","service":"sshd","from":"","devices":["recovery/80e2adc9"]}');
INSERT INTO event VALUES (10, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"remote","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (11, 'alice', 1700000010, 0, 'change', '{"event":"invited","until":1700086410}');
CREATE TABLE caller (
        uid   INTEGER PRIMARY KEY,        -- who asked for what is no account's own, and failed
        state TEXT NOT NULL,              -- JSON
        mark  BLOB NOT NULL               -- keyed hash of uid, state
    ) STRICT;
CREATE INDEX device_fingerprint ON device (fingerprint);
CREATE INDEX event_account ON event (account, class, seq);
