PRAGMA user_version = 1;
CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL               -- sealed where the key is 'pepper'
    ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('pepper', X'01026B31BDE9DB8E34A83034FDB984D8220AC5E172FB5EDEBC990612EE51CC3A3BF2B216F5E4B9D9393AFCFD804A921F5DAB0B4AE36910D933B61E8683A752667BDCF120FD1DC4B3F99F416B');
CREATE TABLE account (
        name     TEXT PRIMARY KEY,
        uid      INTEGER UNIQUE,          -- none: a person of an application, never of PAM
        enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
        version  INTEGER NOT NULL,        -- counts commits; a commit that misses one is refused
        created  INTEGER NOT NULL,
        mark     BLOB NOT NULL            -- keyed hash of name, uid, enrolled
    ) STRICT, WITHOUT ROWID;
INSERT INTO account VALUES ('alice', 1000, 1, 11, 1699999950, X'62CA64615D3D8B26BDF7404E6E0BBA5F5187DE3B71F5D0A70E9FF1CD8D9426F0');
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
INSERT INTO device VALUES ('alice', 'hotp/7f4f8756', 2, 'hotp', 'token', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"next":4,"used":3,"candidate":{"counter":20,"at":1700000010}}', X'01026B31212F067C76579903DBFB32B575BBA4515C199FCEAF67E81C6B5BEF6DB89C3CA257726737CFE4B91E291D37FC7BE233DBE0A2ED8692D195E5B372887B', X'8DBD91FE792FE8FCD5153AA6CA64242BCB87DA43C94B80780D83FA1493C1A199', NULL, X'0C0E473554A52C77907E840F171A2B0C2BA0380855B2EF035C695C5C49D7B4E0');
INSERT INTO device VALUES ('alice', 'recovery/1e873ccc', 3, 'recovery', 'recovery', 1, 1699999950, 1700000010, '{"left":["8ddd81418f642da39865131276e1db943b943398cf2bea4efee8bfffba62152b","7b7fb32cd2076036c37faa1f5ff2753dc154b270a4c4a4852299f8dc9ac95ea5","af191f0f90cec64306d5137482ac8156a49e482d712dde68fce3f0f9c24f0337","78553421f651eab814ff40f2560a3b2742e9992033d50e37e9ef4b25d96bce2a","d62aff3d6c54368ee51056f7016676db38d3c9c67b506816d386bb61716ab8c0","25cf97437735fbd9be5e7971429ad19ccc698bc165c0d1cd4335f7f950e45894","6103f0903b28fbc697c2f265bdb73182375cf21698068bc1477877c44b0b27a8","d29078d3e3a221e1c7e0a6d43359165b4f36ec443743f59493443090eefb66d0","d0f56dc01ed4c2a87a7cf68a3db43df04c8d0a878693f53c33905954eb275ee6"],"spent":["56b38da52e1f717a502ce03c7c0990ba1624a8f35200106b1a65f25b89a62456"]}', NULL, NULL, NULL, X'3AB9C5F553C4A24EFB4AF10A9387994B1D328984E56FFCA58CA3CBE342ADD1CA');
INSERT INTO device VALUES ('alice', 'totp/3bacf2b0', 1, 'totp', 'phone', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":56666667}', X'01026B3152F965040593B03691D3485DBD7ED11AF2AA31E2387C235BCE806680E4C58636CCDE13C419ADAEFABF285B699FDAE707B33E1BCFF85B85AB74540E3F', X'77B5F1BEBFA0376C3EE5A6D46E0E823B9D5891DC584E578EE3B9C5733DB6023B', NULL, X'DBD3CD83B276D8F3A148F6EE7C25BBBF1900A420031A69A9C9A17ABFC22EF9EB');
CREATE TABLE lane (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        lane    TEXT NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, lane, state
        PRIMARY KEY (account, lane)
    ) STRICT, WITHOUT ROWID;
INSERT INTO lane VALUES ('alice', 'local', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":0}', X'5731DA990EFC2BDCEA2E53618EA0DECD087E3ABF88D803BCE84447EDE178B004');
INSERT INTO lane VALUES ('alice', 'remote', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":1}', X'5AAA842C56A37F20AA3F1E80D3D48E09D84E81A8368173D739A64AA02EBA616A');
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
INSERT INTO invitation VALUES ('alice', '{"token":"7faac8e67ce9c29609a9de72f370a6e4c3abe32c17df1be248f7b73e13f6af3f","until":1700086410,"by":0,"device":null}', X'91D3918B33FFAE69E1DC09D1EC6A2F839F58DD99398505EAA8268A41709B0697');
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
INSERT INTO event VALUES (1, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"totp/3bacf2b0"}');
INSERT INTO event VALUES (2, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"totp/3bacf2b0"}');
INSERT INTO event VALUES (3, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"hotp/7f4f8756"}');
INSERT INTO event VALUES (4, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"hotp/7f4f8756"}');
INSERT INTO event VALUES (5, 'alice', 1699999950, 0, 'change', '{"event":"recovery-made","device":"recovery/1e873ccc","codes":10}');
INSERT INTO event VALUES (6, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"remote","service":"sshd","from":"","devices":["totp/3bacf2b0"]}');
INSERT INTO event VALUES (7, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"local","service":"sshd","from":"","devices":["hotp/7f4f8756"]}');
INSERT INTO event VALUES (8, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"local","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (9, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"self","service":"sshd","from":"","devices":["recovery/1e873ccc"]}');
INSERT INTO event VALUES (10, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"remote","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (11, 'alice', 1700000010, 0, 'change', '{"event":"invited","until":1700086410}');
CREATE TABLE caller (
        uid   INTEGER PRIMARY KEY,        -- who asked for what is no account's own, and failed
        state TEXT NOT NULL,              -- JSON
        mark  BLOB NOT NULL               -- keyed hash of uid, state
    ) STRICT;
CREATE INDEX device_fingerprint ON device (fingerprint);
CREATE INDEX event_account ON event (account, class, seq);
