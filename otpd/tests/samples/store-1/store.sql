PRAGMA user_version = 1;
CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL               -- sealed where the key is 'pepper'
    ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('pepper', X'01026B31579F8D57EABA70622155219CBFE908713437CE46A0696B847DD70EE38EACF694D578AC0F967EE8C12423AFFAC4194A92EAAC493C0CB4C3FF625514DC40751A05163A1E8F69879A1C');
CREATE TABLE account (
        name     TEXT PRIMARY KEY,
        uid      INTEGER UNIQUE,          -- none: a person of an application, never of PAM
        enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
        version  INTEGER NOT NULL,        -- counts commits; a commit that misses one is refused
        created  INTEGER NOT NULL,
        mark     BLOB NOT NULL            -- keyed hash of name, uid, enrolled
    ) STRICT, WITHOUT ROWID;
INSERT INTO account VALUES ('alice', 1000, 1, 11, 1699999950, X'13B2AD52CDA34798969BC9CC917250D858D8F231E9F745C6041D598A47C871C4');
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
INSERT INTO device VALUES ('alice', 'hotp/de0e21ca', 2, 'hotp', 'token', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"next":4,"used":3,"candidate":{"counter":20,"at":1700000010}}', X'01026B3155039F390D62A66643691A55CC6328630BC389A49338E7E66B2E823A206422F7E31C747C97DB70F02E4079F679D2DFF44DF8AAB3BB058A800B665AB5', X'9467F38BD32E8ACED5CF6B91AF1DC6FBF78A6259DF8E7C1605E2F35B556811CF', NULL, X'20F120E932EDE8A2ED6C36F1EDD9993713A09205111228FDAD1F44BB430D3D5A');
INSERT INTO device VALUES ('alice', 'recovery/70b40448', 3, 'recovery', 'recovery', 1, 1699999950, 1700000010, '{"left":["b0af6076058347d851d1e94339ebddf5e462377bdfaa93fe6d42917bb13bca96","d4184d77e2bcec95d49a40756e75ef174628035a47318a148d7291853700623f","f3ef45259b1339d4eade5621f68c2d927556b76e58b1532373204b700ed4058f","b27d86e291bb0f36f070a15d18b4ea835301c1ec9b633f76fffa4488336e5e3f","dd8182e11ac1c1d46d514fc21bf05061f3ad4f9e45a9fdbc182bdc9afb175401","1f3b06522c85e725f0038aca948a7824b29a195e21b44aa3ce6279fc78b72a59","492b5997b69e12701be6e0d9c1e92377a01f0149a62f8675f72e20709ee9bbbf","4b45d3501d3dcfdb24ad22f3df2bc4300ea6558c46e3a844d56d97311ab3907c","3950b193ace939c5c63ced455f01dd329d0d57de234356bfd976c6d8d05e9fda"],"spent":["8db0b9b28d704254eb4c2ab95d7555f55beeeb1da32ef432fcf7d1f7bb3399a7"]}', NULL, NULL, NULL, X'F6211CC6C1E7C378238AEE8EDF696076F3BC177C25D3186CF881FC63254A91E7');
INSERT INTO device VALUES ('alice', 'totp/cfbaa61a', 1, 'totp', 'phone', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":56666667}', X'01026B31910C249D3AA69E34CC716FC2B40A04DD356AD5659D07CB5DC3A8830D5D95E3D3E5261EA7333DF605643DFFE675BC0E228BC7DC68D0CD4E39B24DE406', X'5FFC71356913077BD82322BA1E8FA3620EBFB5633C8DECCE6C7FC7AD291365A3', NULL, X'943C9B315873E99D18AE35E6369024D3C1FDCFAA12EB2898F4266F2344F7508B');
CREATE TABLE lane (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        lane    TEXT NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, lane, state
        PRIMARY KEY (account, lane)
    ) STRICT, WITHOUT ROWID;
INSERT INTO lane VALUES ('alice', 'local', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":0}', X'6A62171592C6DFB2553EBDC57AE5E25A3799F2712AD91B33EFE03A9686FDFB90');
INSERT INTO lane VALUES ('alice', 'remote', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":1}', X'7AE07ACDFCF5EB9E70F14D345A819C3F43A090DB81EFC20D55F5E05C821DA8CB');
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
INSERT INTO invitation VALUES ('alice', '{"token":"249c86dc0764e4deb456d669dffc9afb08028ead956ceb5698bcf86301fb7013","until":1700086410,"by":0,"device":null}', X'04C2896F8923F83B232C682B8A3094BCD5E2FB06FF6309772A447E521CA11C00');
CREATE TABLE remembered (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        number  INTEGER NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, number, state
        PRIMARY KEY (account, number)
    ) STRICT, WITHOUT ROWID;
INSERT INTO remembered VALUES ('alice', 1, '{"rule":"office","service":"sshd","source":{"address":"192.0.2.7"},"device":"totp/cfbaa61a","since":1700000010,"until":1700028810,"last":1700000010}', X'B87B01E90B3C372D29F6ACDCB6792FAB40811C4E6F2BE4D0D7E5553B96B841EF');
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
INSERT INTO event VALUES (1, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"totp/cfbaa61a"}');
INSERT INTO event VALUES (2, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"totp/cfbaa61a"}');
INSERT INTO event VALUES (3, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"hotp/de0e21ca"}');
INSERT INTO event VALUES (4, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"hotp/de0e21ca"}');
INSERT INTO event VALUES (5, 'alice', 1699999950, 0, 'change', '{"event":"recovery-made","device":"recovery/70b40448","codes":10}');
INSERT INTO event VALUES (6, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"remote","service":"sshd","from":"","devices":["totp/cfbaa61a"]}');
INSERT INTO event VALUES (7, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"local","service":"sshd","from":"","devices":["hotp/de0e21ca"]}');
INSERT INTO event VALUES (8, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"local","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (9, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"self","service":"sshd","from":"","devices":["recovery/70b40448"]}');
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
CREATE TABLE pass (
        id      TEXT PRIMARY KEY,
        account TEXT REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE, -- none: nobody's
        digest  BLOB NOT NULL UNIQUE,     -- keyed hash of purpose and key
        purpose TEXT NOT NULL,
        maker   INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        ended   INTEGER NOT NULL CHECK (ended IN (0, 1)), -- used or called back
        over    INTEGER NOT NULL,         -- when it ended, or else expires
        state   TEXT NOT NULL,            -- JSON, with all of the above that decides
        data    TEXT,                     -- JSON of its maker
        mark    BLOB NOT NULL             -- keyed hash of id, account, digest, state, data
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
CREATE INDEX pass_account ON pass (account, purpose);
CREATE INDEX pass_maker ON pass (maker);
CREATE INDEX pass_over ON pass (over);
