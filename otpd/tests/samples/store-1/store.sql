PRAGMA user_version = 1;
CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value BLOB NOT NULL               -- sealed where the key is 'pepper'
    ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('pepper', X'01026B3173EDC9F0F2E241A3E88B50EDC98EBC1D460A549928E9CE0C6E5B2C08E9F07EB09AE896E36D7E08F2CCE8D6FC3D84659A0AD865C1309D8E9D370812022C74AECC1639FC779A9AB874');
CREATE TABLE account (
        name     TEXT PRIMARY KEY,
        uid      INTEGER UNIQUE,          -- none: a person of an application, never of PAM
        enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
        version  INTEGER NOT NULL,        -- counts commits; a commit that misses one is refused
        created  INTEGER NOT NULL,
        mark     BLOB NOT NULL            -- keyed hash of name, uid, enrolled
    ) STRICT, WITHOUT ROWID;
INSERT INTO account VALUES ('alice', 1000, 1, 11, 1699999950, X'7426C913E7FB688AE42CF7E0D1E052BC179A9E00AF7E7047E610ABBB257FD1A1');
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
INSERT INTO device VALUES ('alice', 'hotp/87770b39', 2, 'hotp', 'token', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"next":4,"used":3,"candidate":{"counter":20,"at":1700000010}}', X'01026B319D8EFAD4E14FFDFADBC25C6FAE4994EA29D4E562C792F87D67EA07AF9BA1F377B7C57E0B04A972B4188EB1036229C6678B1E365B9C5E5E1F92476905', X'EFCE3C2AE7300019160D44084A85774E20DF1FEA3AF308F785A390D283128616', NULL, X'4DC80F285CDEB1F9863BD24EAD493FD1FD100E4BE37B939543B66304DD67C5D5');
INSERT INTO device VALUES ('alice', 'recovery/16bf34c7', 3, 'recovery', 'recovery', 1, 1699999950, 1700000010, '{"left":["5b30289a01a794a824db50d98bce0b92a6e87b9e2ed2e75e1157c050e6ffa43e","abaca5aad972fb84efa7c9fcfb7c668d0b27d0ba8bcb1fac8a81e27561d23ac3","766190e8b320ddb07d190a2aa2e56512d13c69d2ea34dcd8e702248daceb6a6b","74d5dfcf5ed45ed7f6e2b5b3b79fcc746a6be6ca3e346fb4a7256bf1f34a94fe","16fe82e5fa4e72d1f08fdca899ff51cfbd50ad61dda086ca3a680a79f0022201","ed0399166d79ca9b800f37c70d0fd4ac33b4c97b74f018258104edead0f6b112","ac8f47bdcb3245a22245bbf3d0bf52608d02e8dd328190257462d8e6f977453f","32270e7709d60a4b9d70f511dca6da4aa767abd1c2163585c67f44b6b5fce97d","a4a1777cf16c582405831dd03654ec375510d2beeb3ff126e026d99da1f9692f"],"spent":["80cb3b1d53b34223c2babf39bfc1ab37ebda8414131a2102d129c2e6a1953661"]}', NULL, NULL, NULL, X'25C7D098108325E60B2B4C59CC8301A745A963C4640AB860C8D8BCDCCA72C695');
INSERT INTO device VALUES ('alice', 'totp/ca75a921', 1, 'totp', 'phone', 1, 1699999950, 1700000010, '{"algorithm":"SHA1","digits":6,"period":30,"drift":0,"last":56666667}', X'01026B314F3733B104495CD73CBFDFA88757A8CE3C2D82F5B1AC14FF6F8C1ECE6E526CB0473B8CBC35AE641BF7ACFB693A91D4F1A954BA6D127B01F14137FB69', X'F40A2267E2566E2C758E15B8CA4E598E8E73430ECE40FB63FC5F1769C1E163ED', NULL, X'74EDA1021B9D23695D244D568605C65B0D85009443BFE628C1C17F79CD9B056D');
CREATE TABLE lane (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        lane    TEXT NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, lane, state
        PRIMARY KEY (account, lane)
    ) STRICT, WITHOUT ROWID;
INSERT INTO lane VALUES ('alice', 'local', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":0}', X'7E93A32A14B5CFABA3762C376A162930C84C923BBA39E553B77DCBA891778FB4');
INSERT INTO lane VALUES ('alice', 'remote', '{"failures":1,"last":1700000010,"locked":null,"days":[[19675,1]],"since_login":1}', X'925D2F64F3A11ED068F5C867223EB367428BE23951B7A6DA6ADD7659F95D488B');
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
INSERT INTO invitation VALUES ('alice', '{"token":"33dc6a75784a6f15f8482e8ea01cf51e14f8f532afa44737cd9d0cde3dd4e0c4","until":1700086410,"by":0,"device":null}', X'3540D0692FFE373E5F83ADEC408C03BF8C7E42F4A80FEEB36C75ECD6D9757246');
CREATE TABLE remembered (
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE ON UPDATE CASCADE,
        number  INTEGER NOT NULL,
        state   TEXT NOT NULL,            -- JSON
        mark    BLOB NOT NULL,            -- keyed hash of account, number, state
        PRIMARY KEY (account, number)
    ) STRICT, WITHOUT ROWID;
INSERT INTO remembered VALUES ('alice', 1, '{"rule":"office","service":"sshd","source":{"address":"192.0.2.7"},"device":"totp/ca75a921","since":1700000010,"until":1700028810,"last":1700000010}', X'7E3C3BFA756200275763A813CC2216F464E7F7083E9C21DECF328A1DFDADAF29');
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
INSERT INTO event VALUES (1, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"totp/ca75a921"}');
INSERT INTO event VALUES (2, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"totp/ca75a921"}');
INSERT INTO event VALUES (3, 'alice', 1699999950, 0, 'change', '{"event":"enrolled","device":"hotp/87770b39"}');
INSERT INTO event VALUES (4, 'alice', 1699999950, 0, 'change', '{"event":"confirmed","device":"hotp/87770b39"}');
INSERT INTO event VALUES (5, 'alice', 1699999950, 0, 'change', '{"event":"recovery-made","device":"recovery/16bf34c7","codes":10}');
INSERT INTO event VALUES (6, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"remote","service":"sshd","from":"","devices":["totp/ca75a921"]}');
INSERT INTO event VALUES (7, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"local","service":"sshd","from":"","devices":["hotp/87770b39"]}');
INSERT INTO event VALUES (8, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"local","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (9, 'alice', 1700000010, 0, 'login', '{"event":"accepted","lane":"self","service":"sshd","from":"","devices":["recovery/16bf34c7"]}');
INSERT INTO event VALUES (10, 'alice', 1700000010, 0, 'failure', '{"event":"wrong","lane":"remote","service":"sshd","from":"","count":1,"first":1700000010,"locked":false}');
INSERT INTO event VALUES (11, 'alice', 1700000010, 0, 'change', '{"event":"invited","until":1700086410}');
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
CREATE INDEX token_family_device ON token_family (account, device);
CREATE INDEX token_family_holder ON token_family (holder);
CREATE INDEX token_family_until ON token_family (until);
