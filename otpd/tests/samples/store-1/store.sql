PRAGMA user_version = 1;
CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL               -- sealed where the key is 'pepper'
    ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('pepper', X'01026B31E186B699144048DD509ADFBF1ACEE0D2C1229D0F114737873057BFB2D9F13EAF78DF039E62B049F7CFBBFA81C2DC7E019F00A0EC6DB2E65DEAE832CB363ED95E45500A15D611E497');
CREATE TABLE account (
        name     TEXT PRIMARY KEY,
        uid      INTEGER UNIQUE,          -- none: a person of an application, never of PAM
        enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
        version  INTEGER NOT NULL,        -- counts commits; a commit that misses one is refused
        created  INTEGER NOT NULL,
        mark     BLOB NOT NULL            -- keyed hash of name, uid, enrolled
    ) STRICT, WITHOUT ROWID;
INSERT INTO account VALUES ('alice', 1000, 1, 11, 1699999950, X'6E2B5D13965065B62AE28B0744102BACCDD253A48D2786C808E3F9B549A77919');
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
INSERT INTO device VALUES ('alice', 'hotp/8edc0b4c', 2, 'hotp', 'token', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"next":4,"used":3,"candidate":{"counter":20,"at":1700000010}}', X'01026B314C4A9EF2DB9DB4CFFD064A1716D018837B81DAD564BF8A9801F20803DFC1A77F1E6E398C900341505ECB8E5903A4DCE6026E51A49F219ECC2AA81693', X'AA8D63D8A242DDEC31DD0565303E1426620E98E25F1FA037B8E22B49EDACE912', NULL, X'E632C10CFCBF0C71C3782B90B647C0F3549081B421FEF51924E361ABD5F353F2');
INSERT INTO device VALUES ('alice', 'recovery/0742a669', 3, 'recovery', 'recovery', 1, 1699999950, 1700000010, '{"left":["04e9d18d690464ab2365e4c892fef66ef65a37de57dfe6d82f21b414fdb70ffb","442065d8345d430d01a710a28fb05fee334b29c6ac8021104b318ad44ca55105","45ecfd0c7d35d6b59b184a8ff166f59643bbc9e436591ca655f974d184874473","fedcc9d761af5813eb73a269155b739f11c4c6069e954401358566fc7d195264","623cdb6e8a24c3a0eacbd30f24220eb86a8a17f195f332f86bea2b4c147f83da","48bf8616be0c849cc1bd397d652509e0a7ebd75131f885c7538b8e6d8150cade","7516160a14f889afb359eeed2def10da9e7c02b1e0b17260f55f61a2b39b4e13","bf9ec2527d7524cfa29507c060f4d4bca03d83fd645b4fcf437fa6b2865dc563","63a2995a038a8bc533ed6ef3906f8b28d1dfa55c2721d1ba83af2078ffba00c2"],"spent":["67b5dcc3860bda85f8e96c21604a7fc5a73b4aaee7015f9c6db5d0ae5ed09e31"]}', NULL, NULL, NULL, X'F7D181149BFC26B16A4229E811B175DE4C14DD18DC185286F6D37D938E6493DA');
INSERT INTO device VALUES ('alice', 'totp/469b8f59', 1, 'totp', 'phone', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":56666667}', X'01026B317B1A32377A987548A74B9011D22140A6D14A7F679F5369B732F51F2FCC8656D31B4CD51656F1DDAE35041CC0D5637B60CD3E3E95630151422B964894', X'8A9E639D5ED732531E008B4F8C18E90B766CE7C7F1A6D9C3862026D21A7E6252', NULL, X'BCB9862D15118C9BA7D556790CC063821AE08062CE0F090212BBAE22038168B0');
CREATE TABLE lane (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        lane    TEXT NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, lane, state
        PRIMARY KEY (account, lane)
    ) STRICT, WITHOUT ROWID;
INSERT INTO lane VALUES ('alice', 'local', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":0}', X'C375D03677B5CDDC0DC343CC25A52AFA0373D8EB793B41B72DA8A208A4846E91');
INSERT INTO lane VALUES ('alice', 'remote', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":1}', X'552A88A06FB36E72DDFC03EB709DCBDE475F3ED7366C8EC089B7480AAB89F74F');
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
INSERT INTO invitation VALUES ('alice', '{"token":"f2658b5466eb496eb3bd4d8de7d42c0298083ef055cb7f76553a6b27c5ffadff","until":1700086410,"by":0,"device":null}', X'13030BB9A740DA4521ED65076270F12D8BAB7DFAD9567F4193276E31940F95B7');
CREATE TABLE remembered (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        number  INTEGER NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, number, state
        PRIMARY KEY (account, number)
    ) STRICT, WITHOUT ROWID;
INSERT INTO remembered VALUES ('alice', 1, '{"rule":"office","service":"sshd","source":{"address":"192.0.2.7"},"device":"totp/469b8f59","since":1700000010,"until":1700028810,"last":1700000010}', X'42E6C40A3BADC6518576371C20DFF6064B1BF45F45DD113C28E03D44D8FFC8A8');
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
INSERT INTO event VALUES (1, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"totp/469b8f59"}');
INSERT INTO event VALUES (2, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"totp/469b8f59"}');
INSERT INTO event VALUES (3, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"hotp/8edc0b4c"}');
INSERT INTO event VALUES (4, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"hotp/8edc0b4c"}');
INSERT INTO event VALUES (5, 'alice', 1699999950, 0, 'change', '{"event":"recovery-made","device":"recovery/0742a669","codes":10}');
INSERT INTO event VALUES (6, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"remote","service":"sshd","from":"","devices":["totp/469b8f59"]}');
INSERT INTO event VALUES (7, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"local","service":"sshd","from":"","devices":["hotp/8edc0b4c"]}');
INSERT INTO event VALUES (8, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"local","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (9, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"self","service":"sshd","from":"","devices":["recovery/0742a669"]}');
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
