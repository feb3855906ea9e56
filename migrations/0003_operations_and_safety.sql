CREATE TABLE `audit_log` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`actor_id` text,
	`actor_role` text NOT NULL,
	`action` text NOT NULL,
	`subject_kind` text NOT NULL,
	`subject_id` text NOT NULL,
	`owner_id` text,
	`request_id` text,
	`details` text DEFAULT '{}' NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_log_by_actor` ON `audit_log` (`actor_id`,`id`);--> statement-breakpoint
CREATE INDEX `audit_log_by_owner` ON `audit_log` (`owner_id`,`id`);--> statement-breakpoint
CREATE INDEX `audit_log_by_action` ON `audit_log` (`action`,`id`);--> statement-breakpoint
CREATE TABLE `idempotency_keys` (
	`owner` text NOT NULL,
	`key` text NOT NULL,
	`route` text NOT NULL,
	`fingerprint` text,
	`subject_id` text NOT NULL,
	`lease_until` integer,
	`lease_id` text,
	`status` integer,
	`body` text,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`owner`, `key`)
);
--> statement-breakpoint
CREATE INDEX `idempotency_keys_by_expiry` ON `idempotency_keys` (`expires_at`);--> statement-breakpoint
CREATE TABLE `reconciliations` (
	`id` text PRIMARY KEY NOT NULL,
	`started_by` text NOT NULL,
	`state` text NOT NULL,
	`cursor` text NOT NULL,
	`accounts_checked` integer DEFAULT 0 NOT NULL,
	`objects_checked` integer DEFAULT 0 NOT NULL,
	`repaired_count` integer DEFAULT 0 NOT NULL,
	`unrepaired_count` integer DEFAULT 0 NOT NULL,
	`findings` text DEFAULT '[]' NOT NULL,
	`lease_until` integer,
	`lease_id` text,
	`started_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`ended_at` integer
);
--> statement-breakpoint
CREATE INDEX `reconciliations_by_start` ON `reconciliations` (`started_at`);--> statement-breakpoint
CREATE UNIQUE INDEX `reconciliations_running` ON `reconciliations` (`state`) WHERE state = 'RUNNING';--> statement-breakpoint
ALTER TABLE `file_uploads` ADD `taken_at` integer;--> statement-breakpoint
ALTER TABLE `inferences` ADD `end_reason` text;--> statement-breakpoint
ALTER TABLE `inferences` ADD `retry_of` text;--> statement-breakpoint
CREATE INDEX `inferences_open_by_user` ON `inferences` (`user_id`,`created_at`) WHERE state IN ('PENDING', 'RUNNING');--> statement-breakpoint
CREATE INDEX `inference_tasks_ready` ON `inference_tasks` (`inference_id`,`first_position`) WHERE state = 'READY';