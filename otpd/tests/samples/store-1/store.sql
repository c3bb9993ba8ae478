PRAGMA user_version = 1;
CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL               -- sealed where the key is 'pepper'
    ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('pepper', X'01026B31C88A75C2C647D44147DF624F740BCD3E134D222AA08AEDE3B9CC23EDC345ECD2F759CE42AF4A31EC7DCCCC713F10C5E378D0980436C8EE227744E89FF9245EE4F2B65121AF3399CF');
CREATE TABLE account (
        name     TEXT PRIMARY KEY,
        uid      INTEGER UNIQUE,          -- none: a person of an application, never of PAM
        enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
        version  INTEGER NOT NULL,        -- counts commits; a commit that misses one is refused
        created  INTEGER NOT NULL,
        mark     BLOB NOT NULL            -- keyed hash of name, uid, enrolled
    ) STRICT, WITHOUT ROWID;
INSERT INTO account VALUES ('alice', 1000, 1, 11, 1699999950, X'A4DF4B830AE269265075DCEA9DCC35AA52751845E96CECA8CC6784C37D657B0C');
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
INSERT INTO device VALUES ('alice', 'hotp/ec4e2443', 2, 'hotp', 'token', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"next":4,"used":3,"candidate":{"counter":20,"at":1700000010}}', X'01026B312FB3C8A22713EA4C875F06891F533D07D373C0188D5367B01D9E34BABDE249B5F6F18BCA613025807FA96AA4E2992A92DC89541B54FDBE1889D67E0D', X'CC856D4DDC2647AC4EFC48935391D85C3D3F487E56BE2788BED02DD67E620A37', NULL, X'B201F747788684CAE171A8B1DE038E6D7C1428D98304E81B0D132FA47552F2F7');
INSERT INTO device VALUES ('alice', 'recovery/20d4229e', 3, 'recovery', 'recovery', 1, 1699999950, 1700000010, '{"left":["b3772f70af2b1caa2248fcc2d2e8caa36d41eaad084842b4a94feeeed8f28a29","fbac97a91e4cccb47fb948806e23a85d0136e7d9e91650cbe9178b4fe02732ec","765d32421fd01020156a0506597dc035f5821e4e9dd2dcdde778332c1f892f11","5c0880b69c0f829c9788d71d5a68dc9d6dd366eef35bf96f2167a06093f42bad","ee8eb29f395c53daee6dcbdd8bd1c6e1a4935336800d4d3d4e32c946e5773551","2eb1749b1b5afbd27b7c1d7973309b86614548bc56127d7615ea61474e00a22a","22cad0d1b2dc880777d37b78207b2bcfbeba6c1091d35c86740fb5edd052af43","3238e436bc25226399adcbdba3fc2480fc037fe08ab85e948f09bc4f60abab5f","fce2fd84251dd19e4a907fd53fbebc5d8f671d87635ae3ed84bf34749da71baa"],"spent":["65f00134b1972722a760c2b520e211e39c0d3898f4ba4213836f7178a689be51"]}', NULL, NULL, NULL, X'E736ED335246BCEEB84A36CA7C851BCF1A7C14284D94744CB63501C7CFCA4DDB');
INSERT INTO device VALUES ('alice', 'totp/f4c4bab1', 1, 'totp', 'phone', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":56666667}', X'01026B31EB7C11CB3CD9C5AA38F2009BED780E513FB6A2F2098B62F4F07C744D4AA49780241CC5DFFB44877C5DD5420FDDEB790759E39E235073B5150C3F3B03', X'674DF85FAAF21B7660AEEB93D30413ED65259E3ABEE94A2F09D53E380DB5386C', NULL, X'736DA9684DDBCD86066CC59DAA49A990DA70380C6269A52F0F92A98FB6FFEC82');
CREATE TABLE lane (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        lane    TEXT NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, lane, state
        PRIMARY KEY (account, lane)
    ) STRICT, WITHOUT ROWID;
INSERT INTO lane VALUES ('alice', 'local', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":0}', X'0EFCC39625DD9B4161F50C6EDEE7012A1AE07339F371E5CF2B82140DD2AA45C9');
INSERT INTO lane VALUES ('alice', 'remote', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":1}', X'DFAC7F4ED619CD303DFD245595FA73CDE03A08C07EEF8587A7FB1161479F1BBC');
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
INSERT INTO invitation VALUES ('alice', '{"token":"2e650425c5f7bba32273183c1efda122106bba863d6529ea3a26f9be101ff606","until":1700086410,"by":0,"device":null}', X'85B458EDCC6123F00BC6E5D14355AD7B2B68480FA76F7C71C2A5878C072BA025');
CREATE TABLE remembered (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        number  INTEGER NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, number, state
        PRIMARY KEY (account, number)
    ) STRICT, WITHOUT ROWID;
INSERT INTO remembered VALUES ('alice', 1, '{"rule":"office","service":"sshd","source":{"address":"192.0.2.7"},"device":"totp/f4c4bab1","since":1700000010,"until":1700028810,"last":1700000010}', X'852B24231BD545B6AEDE7B680ECFF777C9C0991C4596D43FAC81B1FFA771B696');
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
INSERT INTO event VALUES (1, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"totp/f4c4bab1"}');
INSERT INTO event VALUES (2, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"totp/f4c4bab1"}');
INSERT INTO event VALUES (3, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"hotp/ec4e2443"}');
INSERT INTO event VALUES (4, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"hotp/ec4e2443"}');
INSERT INTO event VALUES (5, 'alice', 1699999950, 0, 'change', '{"event":"recovery-made","device":"recovery/20d4229e","codes":10}');
INSERT INTO event VALUES (6, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"remote","service":"sshd","from":"","devices":["totp/f4c4bab1"]}');
INSERT INTO event VALUES (7, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"local","service":"sshd","from":"","devices":["hotp/ec4e2443"]}');
INSERT INTO event VALUES (8, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"local","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (9, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"self","service":"sshd","from":"","devices":["recovery/20d4229e"]}');
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
        uid     INTEGER NOT NULL,         -- who asked for what is no account's own, and failed
        purpose TEXT NOT NULL,            -- at what: passes or codes
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of uid, purpose, state
        PRIMARY KEY (uid, purpose)
    ) STRICT, WITHOUT ROWID;
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
