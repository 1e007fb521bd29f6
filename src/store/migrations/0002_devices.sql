-- Where a task runs and how much memory it needs there; what is to be erased; what ended lately.

ALTER TABLE tasks ADD COLUMN device_bytes INTEGER NOT NULL DEFAULT 0;  -- of memory, that its model needs on a device
ALTER TABLE tasks ADD COLUMN device TEXT;                              -- that it runs on, or ran on last
ALTER TABLE tasks ADD COLUMN erase_requested_at INTEGER;               -- deleted by its client; erased once it is final

DROP INDEX tasks_ready;
CREATE INDEX tasks_ready ON tasks (seq, not_before, device_bytes) WHERE status = 'pending';
CREATE INDEX tasks_device ON tasks (device, device_bytes) WHERE status = 'processing';
CREATE INDEX tasks_to_erase ON tasks (erase_requested_at, task_id) WHERE erase_requested_at IS NOT NULL;

-- How many of the recorded tasks ended in each minute of store time, kept by triggers, so that "in the last day" is a
-- sum of minutes and not of tasks.
CREATE TABLE finished_minutes (
    minute INTEGER NOT NULL,
    status TEXT NOT NULL,
    tasks  INTEGER NOT NULL,
    PRIMARY KEY (minute, status)
) STRICT, WITHOUT ROWID;

INSERT INTO finished_minutes (minute, status, tasks)
SELECT finished_tick / 60000, status, count(*) FROM tasks WHERE finished_tick IS NOT NULL GROUP BY 1, 2;

CREATE TRIGGER finished_minutes_of_a_finished_task AFTER UPDATE OF status ON tasks
WHEN NEW.finished_tick IS NOT NULL
BEGIN
    INSERT INTO finished_minutes (minute, status, tasks) VALUES (NEW.finished_tick / 60000, NEW.status, 1)
        ON CONFLICT (minute, status) DO UPDATE SET tasks = tasks + 1;
END;

CREATE TRIGGER finished_minutes_of_an_erased_task AFTER DELETE ON tasks
WHEN OLD.finished_tick IS NOT NULL
BEGIN
    UPDATE finished_minutes SET tasks = tasks - 1
     WHERE minute = OLD.finished_tick / 60000 AND status = OLD.status;
    DELETE FROM finished_minutes
     WHERE minute = OLD.finished_tick / 60000 AND status = OLD.status AND tasks <= 0;
END;
