CREATE TABLE `dataset_tags` (
	`dataset_id` text NOT NULL,
	`tag_id` text NOT NULL,
	`position` integer NOT NULL,
	PRIMARY KEY(`dataset_id`, `tag_id`),
	FOREIGN KEY (`dataset_id`) REFERENCES `datasets`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`tag_id`) REFERENCES `tags`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `dataset_tags_by_tag` ON `dataset_tags` (`tag_id`,`dataset_id`);--> statement-breakpoint
CREATE TABLE `datasets` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`name` text NOT NULL,
	`item_count` integer DEFAULT 0 NOT NULL,
	`frame_count` integer DEFAULT 0 NOT NULL,
	`next_upload_index` integer DEFAULT 1 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`deleted_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `datasets_live_name` ON `datasets` (`user_id`,`name`) WHERE deleted_at IS NULL;--> statement-breakpoint
CREATE INDEX `datasets_by_name` ON `datasets` (`user_id`,`name`);--> statement-breakpoint
CREATE INDEX `datasets_by_user` ON `datasets` (`user_id`,`created_at`,`id`,`deleted_at`);--> statement-breakpoint
CREATE INDEX `datasets_by_time` ON `datasets` (`created_at`,`id`,`deleted_at`);--> statement-breakpoint
CREATE TABLE `tags` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tags_name_unique` ON `tags` (`name`);--> statement-breakpoint
CREATE TABLE `dataset_items` (
	`dataset_id` text NOT NULL,
	`position` integer NOT NULL,
	`kind` text NOT NULL,
	`upload_id` text NOT NULL,
	`upload_index` integer NOT NULL,
	`frame_index` integer,
	`image_key` text NOT NULL,
	`mask_key` text NOT NULL,
	`image_name` text NOT NULL,
	`width` integer NOT NULL,
	`height` integer NOT NULL,
	`hole_pixels` integer NOT NULL,
	`image_bytes` integer NOT NULL,
	`mask_bytes` integer NOT NULL,
	`image_sha256` text NOT NULL,
	`mask_sha256` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`dataset_id`, `position`),
	FOREIGN KEY (`dataset_id`) REFERENCES `datasets`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `dataset_items_by_image` ON `dataset_items` (`image_key`);--> statement-breakpoint
CREATE INDEX `dataset_items_by_mask` ON `dataset_items` (`mask_key`);--> statement-breakpoint
CREATE TABLE `uploads` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`dataset_id` text NOT NULL,
	`reservation_id` text NOT NULL,
	`price` integer NOT NULL,
	`item_count` integer NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`dataset_id`) REFERENCES `datasets`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `inference_items` (
	`inference_id` text NOT NULL,
	`position` integer NOT NULL,
	`kind` text NOT NULL,
	`state` text NOT NULL,
	`image_key` text NOT NULL,
	`mask_key` text NOT NULL,
	`image_name` text NOT NULL,
	`result_key` text NOT NULL,
	`content_type` text,
	`width` integer,
	`height` integer,
	`size_bytes` integer,
	`sha256` text,
	`joules` real,
	`inpaint_ms` real,
	`error_code` text,
	`error_message` text,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`inference_id`, `position`)
);
--> statement-breakpoint
CREATE INDEX `inference_items_by_result` ON `inference_items` (`result_key`);--> statement-breakpoint
CREATE TABLE `inference_tasks` (
	`id` text PRIMARY KEY NOT NULL,
	`inference_id` text NOT NULL,
	`state` text NOT NULL,
	`first_position` integer NOT NULL,
	`item_count` integer NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`lease_until` integer,
	`lease_id` text,
	`sent_at` integer NOT NULL,
	`error_code` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `inference_tasks_by_inference` ON `inference_tasks` (`inference_id`,`first_position`);--> statement-breakpoint
CREATE INDEX `inference_tasks_open` ON `inference_tasks` (`sent_at`) WHERE state IN ('PENDING', 'RUNNING');--> statement-breakpoint
CREATE TABLE `inferences` (
	`job_id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`user_id` text NOT NULL,
	`dataset_id` text NOT NULL,
	`dataset_name` text NOT NULL,
	`model_id` text NOT NULL,
	`parameters` text NOT NULL,
	`state` text NOT NULL,
	`reservation_id` text NOT NULL,
	`image_unit_price` integer NOT NULL,
	`frame_unit_price` integer NOT NULL,
	`item_count` integer NOT NULL,
	`frame_count` integer NOT NULL,
	`succeeded_count` integer DEFAULT 0 NOT NULL,
	`failed_count` integer DEFAULT 0 NOT NULL,
	`spent` integer,
	`settled_at` integer,
	`carbon_grams` real DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`ended_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `inferences_id_unique` ON `inferences` (`id`);--> statement-breakpoint
CREATE INDEX `inferences_by_user` ON `inferences` (`user_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `inferences_running` ON `inferences` (`created_at`) WHERE state IN ('PENDING', 'RUNNING');--> statement-breakpoint
CREATE INDEX `inferences_unsettled` ON `inferences` (`ended_at`) WHERE ended_at IS NOT NULL AND settled_at IS NULL;--> statement-breakpoint
CREATE TABLE `token_accounts` (
	`user_id` text PRIMARY KEY NOT NULL,
	`balance` integer NOT NULL,
	`version` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `token_transactions` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`sequence` integer NOT NULL,
	`operation_type` text NOT NULL,
	`operation_id` text NOT NULL,
	`reservation_id` text,
	`amount` integer NOT NULL,
	`balance_before` integer NOT NULL,
	`balance_after` integer NOT NULL,
	`status` text NOT NULL,
	`description` text NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `token_transactions_by_time` ON `token_transactions` (`created_at`,`sequence`,`id`);--> statement-breakpoint
CREATE INDEX `token_transactions_by_user` ON `token_transactions` (`user_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `token_transactions_by_type` ON `token_transactions` (`operation_type`,`created_at`);--> statement-breakpoint
CREATE INDEX `token_transactions_by_status` ON `token_transactions` (`status`,`created_at`);--> statement-breakpoint
CREATE INDEX `token_transactions_pending` ON `token_transactions` (`operation_type`,`created_at`) WHERE status = 'pending';--> statement-breakpoint
CREATE TABLE `abandoned_operations` (
	`operation_id` text PRIMARY KEY NOT NULL,
	`abandoned_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`surname` text NOT NULL,
	`email` text NOT NULL,
	`email_key` text NOT NULL,
	`password_hash` text NOT NULL,
	`role` text NOT NULL,
	`access_version` integer DEFAULT 1 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`deleted_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_live_email` ON `users` (`email_key`) WHERE deleted_at IS NULL;--> statement-breakpoint
CREATE INDEX `users_created` ON `users` (`created_at`);--> statement-breakpoint
CREATE INDEX `users_live_administrators` ON `users` (`created_at`) WHERE role = 'admin' AND deleted_at IS NULL;