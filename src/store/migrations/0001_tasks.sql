-- The queue of tasks, what happened to them, and the log of counted requests.
--
-- Two kinds of time, both in milliseconds (docs/decisions/0004-store-clock.md):
--   *_at                    wall clock, since 1970: what people read
--   *_tick, *_until, *_before   the store's clock, which no one can set: what is compared

-- Store time = the machine's monotonic clock + offset_ms, while this boot lasts.
CREATE TABLE boots (
    boot_id   TEXT NOT NULL PRIMARY KEY,
    offset_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tasks (
    seq                 INTEGER PRIMARY KEY AUTOINCREMENT,  -- FIFO order; never used twice
    task_id             TEXT NOT NULL UNIQUE,
    owner               TEXT NOT NULL,
    status              TEXT NOT NULL DEFAULT 'pending'
                        CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled')),
    epoch               INTEGER NOT NULL DEFAULT 0,         -- fencing token: +1 at every claim
    lease_losses        INTEGER NOT NULL DEFAULT 0,
    not_before          INTEGER,
    worker              TEXT,
    lease_until         INTEGER,
    cancel_requested_at INTEGER,
    progress            REAL NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    stage               TEXT NOT NULL DEFAULT 'queued',
    model_type          TEXT NOT NULL,                      -- the request's, for the list's filter
    request             TEXT NOT NULL,                      -- JSON, as are the next one, result and error
    input               TEXT NOT NULL,
    input_key           TEXT NOT NULL,
    result              TEXT,
    error               TEXT,
    idempotency_key     TEXT,
    request_fingerprint TEXT,
    created_at          INTEGER NOT NULL,
    started_at          INTEGER,
    finished_at         INTEGER,
    files_deleted_at    INTEGER,
    created_tick        INTEGER NOT NULL,
    started_tick        INTEGER,
    finished_tick       INTEGER,
    waited_ms           INTEGER,                            -- from submission to the first claim
    processing_ms       INTEGER,                            -- of the attempt that completed it
    audio_ms            INTEGER,                            -- of input it decoded
    CHECK ((status = 'processing') = (worker IS NOT NULL)),
    CHECK ((status = 'processing') = (lease_until IS NOT NULL)),
    CHECK ((status IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CHECK ((finished_at IS NULL) = (finished_tick IS NULL)),
    CHECK ((status = 'completed') = (result IS NOT NULL)),
    CHECK ((status = 'failed') = (error IS NOT NULL))
) STRICT;

CREATE TRIGGER tasks_final_states_never_change BEFORE UPDATE OF status ON tasks
WHEN OLD.status IN ('completed', 'failed', 'cancelled')
BEGIN
    SELECT RAISE(ABORT, 'a final state never changes');
END;

CREATE INDEX tasks_ready ON tasks (seq, not_before) WHERE status = 'pending';
CREATE INDEX tasks_lease ON tasks (lease_until) WHERE status = 'processing';
CREATE INDEX tasks_worker ON tasks (worker) WHERE status = 'processing';
CREATE UNIQUE INDEX tasks_idempotency ON tasks (owner, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX tasks_idempotency_age ON tasks (created_tick) WHERE idempotency_key IS NOT NULL;

-- One for every combination of the list's filters, so that a page costs the same however many tasks there are.
CREATE INDEX tasks_list ON tasks (owner, task_id DESC);
CREATE INDEX tasks_list_status ON tasks (status, task_id DESC);
CREATE INDEX tasks_list_owner_status ON tasks (owner, status, task_id DESC);
CREATE INDEX tasks_list_model ON tasks (model_type, status, task_id DESC);
CREATE INDEX tasks_list_owner_model ON tasks (owner, model_type, status, task_id DESC);

CREATE INDEX tasks_finished ON tasks (finished_tick, status) WHERE finished_tick IS NOT NULL;
CREATE INDEX tasks_with_files ON tasks (status, finished_tick)
    WHERE finished_tick IS NOT NULL AND files_deleted_at IS NULL;
CREATE INDEX tasks_without_files ON tasks (finished_tick)
    WHERE finished_tick IS NOT NULL AND files_deleted_at IS NOT NULL;

-- What happened: one row for each attempt that ended. Only ever appended to; goes with its task.
CREATE TABLE attempts (
    attempt_id INTEGER PRIMARY KEY,
    task_id    TEXT NOT NULL,
    epoch      INTEGER NOT NULL,
    worker     TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    outcome    TEXT NOT NULL CHECK (outcome IN
               ('completed', 'failed', 'cancelled', 'released', 'worker_died', 'lease_expired')),
    UNIQUE (task_id, epoch)
) STRICT;

CREATE TRIGGER attempts_are_only_appended BEFORE UPDATE ON attempts
BEGIN
    SELECT RAISE(ABORT, 'attempts are only ever appended');
END;

-- Sums over the tasks of each status, kept by the triggers below in the transaction of every change.
CREATE TABLE totals (
    status        TEXT NOT NULL PRIMARY KEY,
    tasks         INTEGER NOT NULL DEFAULT 0,
    waits         INTEGER NOT NULL DEFAULT 0,               -- how many of them were ever claimed
    waited_ms     INTEGER NOT NULL DEFAULT 0,
    processing_ms INTEGER NOT NULL DEFAULT 0,
    audio_ms      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

INSERT INTO totals (status) VALUES ('pending'), ('processing'), ('completed'), ('failed'), ('cancelled');

CREATE TRIGGER totals_of_a_new_task AFTER INSERT ON tasks
BEGIN
    UPDATE totals SET tasks = tasks + 1 WHERE status = NEW.status;
END;

CREATE TRIGGER totals_of_a_changed_task AFTER UPDATE OF status ON tasks
BEGIN
    UPDATE totals SET tasks         = tasks - 1,
                      waits         = waits - (OLD.waited_ms IS NOT NULL),
                      waited_ms     = waited_ms - coalesce(OLD.waited_ms, 0),
                      processing_ms = processing_ms - coalesce(OLD.processing_ms, 0),
                      audio_ms      = audio_ms - coalesce(OLD.audio_ms, 0)
     WHERE status = OLD.status;
    UPDATE totals SET tasks         = tasks + 1,
                      waits         = waits + (NEW.waited_ms IS NOT NULL),
                      waited_ms     = waited_ms + coalesce(NEW.waited_ms, 0),
                      processing_ms = processing_ms + coalesce(NEW.processing_ms, 0),
                      audio_ms      = audio_ms + coalesce(NEW.audio_ms, 0)
     WHERE status = NEW.status;
END;

CREATE TRIGGER totals_of_an_erased_task AFTER DELETE ON tasks
BEGIN
    UPDATE totals SET tasks         = tasks - 1,
                      waits         = waits - (OLD.waited_ms IS NOT NULL),
                      waited_ms     = waited_ms - coalesce(OLD.waited_ms, 0),
                      processing_ms = processing_ms - coalesce(OLD.processing_ms, 0),
                      audio_ms      = audio_ms - coalesce(OLD.audio_ms, 0)
     WHERE status = OLD.status;
    DELETE FROM attempts WHERE task_id = OLD.task_id;
END;

-- The requests of the last hour. `used` is the sum of a key's events, so that nothing is counted twice.
CREATE TABLE rate_keys (
    key       TEXT NOT NULL PRIMARY KEY,
    used      INTEGER NOT NULL,
    last_tick INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX rate_keys_age ON rate_keys (last_tick);

CREATE TABLE rate_events (
    key      TEXT NOT NULL,
    tick     INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    PRIMARY KEY (key, tick)
) STRICT, WITHOUT ROWID;
