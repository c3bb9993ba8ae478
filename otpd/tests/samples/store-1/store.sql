PRAGMA user_version = 1;
CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL               -- sealed where the key is 'pepper'
    ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('pepper', X'01026B31AEFD5FF978CBA5813413A7590B0434E5B1F7AB43DAC9885DADF83BD0085F2FBD9C81A41E1994AF788391605A172EFB87EC1BACC0A934623B7E768FBB7B2AC5FACD0626F7239F1916');
CREATE TABLE account (
        name     TEXT PRIMARY KEY,
        uid      INTEGER UNIQUE,          -- none: a person of an application, never of PAM
        enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
        version  INTEGER NOT NULL,        -- counts commits; a commit that misses one is refused
        created  INTEGER NOT NULL,
        mark     BLOB NOT NULL            -- keyed hash of name, uid, enrolled
    ) STRICT, WITHOUT ROWID;
INSERT INTO account VALUES ('alice', 1000, 1, 11, 1699999950, X'86DBC1A39DA76C354AB1FA7FEF437E34F503946458050A397F9A0D5F8CEFD8C3');
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
INSERT INTO device VALUES ('alice', 'hotp/e28ef33c', 2, 'hotp', 'token', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"next":4,"used":3,"candidate":{"counter":20,"at":1700000010}}', X'01026B315EEB995D6DF496C3C67883AC5374BCCD5CD4A20EA930C970E6215C84FF0C1B5C380ADE358C291C80C932031603F954A233414EDF5B8401FA856986F0', X'5B62127A4EBD7DF66D363066D84E5F3A949323152C71DB6AB7B3BABB977E5532', NULL, X'59BD4F8B999D5F48DC7480C997958A9AF9A92C057D4384E749CF10FEFCB5D10B');
INSERT INTO device VALUES ('alice', 'recovery/750f883f', 3, 'recovery', 'recovery', 1, 1699999950, 1700000010, '{"left":["f59b40e26148aaef396b58f50f656268d43aa9841a00595a9e316b08d1184fab","409fc83fc564e12aa7b3b323b186e6fcf481a203d63327ee2741a80b002f9f21","e52d4fe0688aa95e0c28f3a7c6418b3632db482bd404438876e650e3ded19cd6","e2b52a9d1161af05252cc98fc8dd9e93e5cd6e7df5d33f017420e2ff3199654b","38bdb9da0ba2f64a586e9414ff2a4887566b4e8fa51d72a1e6a04d11327e0ac3","586a28903b5ec6034c722738e65fce9d65eaf121dd787320ca9dc5a0d7028935","f9d12e1390e54fd8bcdc99cc5a17c13dd5e0ae6a30fd078960407b7d77aec64e","875c05a58d546e3a507a9b4faa59310c32cc55338dd68b5b782465ac8190b02c","8b9963c8873e14d6af3b00c7a0d0294d2fabe25424147ca820a5f6a8904ad550"],"spent":["f3d3e93111e2b6d0216ae487f221c312ec5ab2c76de79747d277e0ac7c4d1184"]}', NULL, NULL, NULL, X'54FFDF3E6D01B1F4B8AB209DE87BAA79E4091EB9920A557DD417EB7022CC7C51');
INSERT INTO device VALUES ('alice', 'totp/c6d72cc3', 1, 'totp', 'phone', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":56666667}', X'01026B313FB2295AF838788281493DC0ABE42FC23F5E1B2B016A7644F8462056AF0F046B6C4DE31A631504CAE4EA71EABA9F5CD85B7DA150B75510A7E7A79BB4', X'7E5594D318F4F8FECE4815AE490D5279798D2AF716DE206C77F17473DF547E64', NULL, X'EF9281766698092747FF62E1F34B537F854D94ECBAEB1E620686213586B710F8');
CREATE TABLE lane (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        lane    TEXT NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, lane, state
        PRIMARY KEY (account, lane)
    ) STRICT, WITHOUT ROWID;
INSERT INTO lane VALUES ('alice', 'local', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":0}', X'379A7C08A49F929AA0C24D0E0047F0429D67F766409A9477DE27BEA1A8414F32');
INSERT INTO lane VALUES ('alice', 'remote', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":1}', X'8C75F914A98760D5910890D2373FBFD93F0CF9681634B36DBF7E37524BF5747B');
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
INSERT INTO invitation VALUES ('alice', '{"token":"544d8fcde0b2cdaabdbf33306197612bc0b2188a45a7544d58d92dba3d7ff420","until":1700086410,"by":0,"device":null}', X'97CA9FDCFC4F502AA31BD802797FFF0C86B92191B09844F13E297F292DC116BE');
CREATE TABLE event (
        seq     INTEGER PRIMARY KEY,      -- the order over all accounts, whatever the clock said
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        at      INTEGER NOT NULL,
        by      INTEGER NOT NULL,         -- the uid that asked for it
        class   TEXT NOT NULL,            -- failure, login or change: each is bounded by itself
        body    TEXT NOT NULL             -- JSON
    ) STRICT;
INSERT INTO event VALUES (1, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"totp/c6d72cc3"}');
INSERT INTO event VALUES (2, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"totp/c6d72cc3"}');
INSERT INTO event VALUES (3, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"hotp/e28ef33c"}');
INSERT INTO event VALUES (4, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"hotp/e28ef33c"}');
INSERT INTO event VALUES (5, 'alice', 1699999950, 0, 'change', '{"event":"recovery-made","device":"recovery/750f883f","codes":10}');
INSERT INTO event VALUES (6, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"remote","service":"sshd","from":"","devices":["totp/c6d72cc3"]}');
INSERT INTO event VALUES (7, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"local","service":"sshd","from":"","devices":["hotp/e28ef33c"]}');
INSERT INTO event VALUES (8, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"local","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (9, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"self","service":"sshd","from":"","devices":["recovery/750f883f"]}');
INSERT INTO event VALUES (10, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"remote","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (11, 'alice', 1700000010, 0, 'change', '{"event":"invited","until":1700086410}');
CREATE TABLE caller (
        uid   INTEGER PRIMARY KEY,        -- who asked for what is no account's own, and failed
        state TEXT NOT NULL,              -- JSON
        mark  BLOB NOT NULL               -- keyed hash of uid, state
    ) STRICT;
CREATE INDEX device_fingerprint ON device (fingerprint);
CREATE INDEX event_account ON event (account, class, seq);
