-- What a re-correlation found: numbers and ids, no word of anybody.

ALTER TABLE mail_jobs ADD COLUMN found jsonb NOT NULL DEFAULT '[]';
