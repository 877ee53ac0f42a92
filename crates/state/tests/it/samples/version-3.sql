-- State as version 3 of the schema kept it. Never changed: files like this one are in the field.
PRAGMA journal_mode = WAL;
PRAGMA application_id = 1400138612;
PRAGMA user_version = 3;
CREATE TABLE scopes (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    sink TEXT NOT NULL,
    checkpoint_first_seen_ms INTEGER,
    checkpoint_last_seen_ms INTEGER,
    checkpoint_completed_at_ms INTEGER,
    wanted_since_ms INTEGER,
    UNIQUE (tenant, sink)
) STRICT;

CREATE TABLE delivered (
    scope INTEGER NOT NULL REFERENCES scopes (id),
    uid TEXT NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 16),
    acknowledged_at_ms INTEGER NOT NULL,
    PRIMARY KEY (scope, uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE removed (
    tenant TEXT NOT NULL,
    uid TEXT NOT NULL,
    removed_at_ms INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    identity BLOB NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    sink TEXT,
    stage TEXT NOT NULL,
    uid TEXT,
    fingerprint BLOB CHECK (length(fingerprint) = 16),
    reason TEXT NOT NULL,
    payload TEXT NOT NULL,
    first_at_ms INTEGER NOT NULL,
    last_at_ms INTEGER NOT NULL,
    times INTEGER NOT NULL,
    cycle TEXT NOT NULL
) STRICT;
CREATE INDEX dead_letters_by_device ON dead_letters (tenant, uid);

CREATE TABLE tenants (
    tenant TEXT PRIMARY KEY,
    full_completed_at_ms INTEGER,
    enrichment_records INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE cycle_reports (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    cycle TEXT NOT NULL UNIQUE,
    started_at_ms INTEGER NOT NULL,
    report TEXT NOT NULL
) STRICT;
CREATE INDEX cycle_reports_by_tenant ON cycle_reports (tenant, id);

INSERT INTO scopes VALUES (1, 'contoso', 'lake', 1790000000001, 1790000000002, 1790000000003, 1790000000004);
INSERT INTO delivered VALUES (1, '1e5bc9d7e413ddd7902c2932e418702b84d0cc07', x'abababababababababababababababab', 1790000000000);
INSERT INTO removed VALUES ('contoso', 'gone', 1790000000000);
INSERT INTO dead_letters VALUES (4, x'00112233445566778899aabbccddeeff', 'contoso', 'lake', 'deliver', 'd2',
    x'01010101010101010101010101010101', 'field `x` is unknown', '{"device":{}}', 1790000000000, 1790000000001, 3,
    '7d444840-9dc0-11d1-b245-5ffdce74fad2');
INSERT INTO tenants VALUES ('contoso', 1790000000003, 80000);
INSERT INTO cycle_reports VALUES (1, 'contoso', '7d444840-9dc0-11d1-b245-5ffdce74fad2', 1790000000000,
    '{"cycle":"7d444840-9dc0-11d1-b245-5ffdce74fad2","tenant":"contoso","kind":"full","started_at":"2026-09-21T14:13:20Z","finished_at":"2026-09-21T14:13:21Z","outcome":{"state":"failed","error":"disk full","advice":null},"listing_complete":true,"read":2,"duplicates":0,"enrichment":{"status":{"state":"refused","reason":"no licence"},"strategy":"bulk","records_read":0,"malformed":0,"complete_count":null,"matched":0},"sinks":{"lake":{"read":2,"duplicates":0,"unchanged":0,"acknowledged":1,"dead_lettered":1,"undelivered":0,"batches":1,"bytes":900,"error":null,"advice":null}},"removal":{"missing":0,"looked_up":0,"removed":0,"returned":0,"guard_tripped":false},"calls":{"token":2,"source":1,"enricher":1,"retries":0,"throttled":0},"process":{"cpu_seconds":0.5,"peak_memory_bytes":1000000}}');
