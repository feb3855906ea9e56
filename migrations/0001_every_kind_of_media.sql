CREATE TABLE `file_uploads` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`file_name` text NOT NULL,
	`bytes` integer NOT NULL,
	`part_bytes` integer NOT NULL,
	`part_count` integer NOT NULL,
	`taken_by` text,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `file_uploads_by_user` ON `file_uploads` (`user_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `file_uploads_by_expiry` ON `file_uploads` (`expires_at`);--> statement-breakpoint
CREATE TABLE `ingestions` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`dataset_id` text,
	`dataset_name` text,
	`kind` text NOT NULL,
	`state` text NOT NULL,
	`phase` text DEFAULT 'plan' NOT NULL,
	`request` text DEFAULT '{}' NOT NULL,
	`reservation_id` text,
	`reserved` integer,
	`spent` integer,
	`total_count` integer,
	`done_count` integer DEFAULT 0 NOT NULL,
	`notes` text DEFAULT '[]' NOT NULL,
	`error` text,
	`attempts` integer DEFAULT 0 NOT NULL,
	`lease_until` integer,
	`lease_id` text,
	`sent_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`ended_at` integer
);
--> statement-breakpoint
CREATE INDEX `ingestions_open` ON `ingestions` (`sent_at`) WHERE state IN ('RECEIVING', 'RUNNING');--> statement-breakpoint
CREATE INDEX `ingestions_by_dataset` ON `ingestions` (`dataset_id`);--> statement-breakpoint
CREATE INDEX `ingestions_unclean` ON `ingestions` (`updated_at`) WHERE state = 'FAILED' AND ended_at IS NULL;--> statement-breakpoint
CREATE TABLE `upload_entries` (
	`upload_id` text NOT NULL,
	`number` integer NOT NULL,
	`path` text NOT NULL,
	`role` text NOT NULL,
	`state` text NOT NULL,
	`mask_number` integer,
	`location` text,
	`video` text,
	`reason_code` text,
	`reason` text,
	`first_position` integer,
	`item_count` integer,
	PRIMARY KEY(`upload_id`, `number`)
);
--> statement-breakpoint
CREATE INDEX `upload_entries_open` ON `upload_entries` (`upload_id`,`number`) WHERE state IN ('PENDING', 'SAMPLING') AND role IN ('image', 'video');--> statement-breakpoint
CREATE TABLE `upload_items` (
	`upload_id` text NOT NULL,
	`entry_number` integer NOT NULL,
	`frame_index` integer NOT NULL,
	`kind` text NOT NULL,
	`state` text NOT NULL,
	`video_id` text,
	`pts` integer,
	`image_key` text NOT NULL,
	`mask_key` text NOT NULL,
	`image_name` text NOT NULL,
	`width` integer,
	`height` integer,
	`hole_pixels` integer,
	`image_bytes` integer,
	`mask_bytes` integer,
	`image_sha256` text,
	`mask_sha256` text,
	PRIMARY KEY(`upload_id`, `entry_number`, `frame_index`)
);
--> statement-breakpoint
CREATE INDEX `upload_items_open` ON `upload_items` (`upload_id`,`entry_number`,`frame_index`) WHERE state = 'PENDING';--> statement-breakpoint
CREATE TABLE `videos` (
	`id` text PRIMARY KEY NOT NULL,
	`upload_id` text NOT NULL,
	`dataset_id` text NOT NULL,
	`upload_index` integer,
	`entry_number` integer NOT NULL,
	`name` text NOT NULL,
	`source_key` text NOT NULL,
	`container` text NOT NULL,
	`codec` text NOT NULL,
	`width` integer NOT NULL,
	`height` integer NOT NULL,
	`rotation` integer NOT NULL,
	`duration_seconds` real NOT NULL,
	`source_fps` text NOT NULL,
	`source_frame_count` integer NOT NULL,
	`fps` text NOT NULL,
	`frame_count` integer NOT NULL,
	`time_base` text NOT NULL,
	`first_pts` integer NOT NULL,
	`end_pts` integer NOT NULL,
	`sound_codec` text,
	`size_bytes` integer NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `videos_by_upload` ON `videos` (`upload_id`);--> statement-breakpoint
CREATE INDEX `videos_by_dataset` ON `videos` (`dataset_id`,`upload_index`);--> statement-breakpoint
CREATE TABLE `inference_videos` (
	`inference_id` text NOT NULL,
	`video_id` text NOT NULL,
	`upload_index` integer NOT NULL,
	`name` text NOT NULL,
	`state` text NOT NULL,
	`first_position` integer NOT NULL,
	`frame_count` integer NOT NULL,
	`result_key` text NOT NULL,
	`replaced_frames` text DEFAULT '[]' NOT NULL,
	`notes` text DEFAULT '[]' NOT NULL,
	`content_type` text,
	`width` integer,
	`height` integer,
	`duration_seconds` real,
	`size_bytes` integer,
	`sha256` text,
	`crc32` integer,
	`joules` real DEFAULT 0 NOT NULL,
	`error_code` text,
	`error_message` text,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`inference_id`, `video_id`)
);
--> statement-breakpoint
CREATE INDEX `inference_videos_by_result` ON `inference_videos` (`result_key`);--> statement-breakpoint
ALTER TABLE `datasets` ADD `media_freed_at` integer;--> statement-breakpoint
CREATE INDEX `datasets_to_free` ON `datasets` (`deleted_at`) WHERE deleted_at IS NOT NULL AND media_freed_at IS NULL;--> statement-breakpoint
ALTER TABLE `dataset_items` ADD `video_id` text;--> statement-breakpoint
ALTER TABLE `dataset_items` ADD `pts` integer;--> statement-breakpoint
ALTER TABLE `inference_items` ADD `video_id` text;--> statement-breakpoint
ALTER TABLE `inference_items` ADD `frame_index` integer;--> statement-breakpoint
ALTER TABLE `inference_items` ADD `pts` integer;--> statement-breakpoint
ALTER TABLE `inference_items` ADD `crc32` integer;--> statement-breakpoint
ALTER TABLE `inference_tasks` ADD `kind` text DEFAULT 'inpaint' NOT NULL;--> statement-breakpoint
ALTER TABLE `inference_tasks` ADD `video_id` text;--> statement-breakpoint
ALTER TABLE `inferences` ADD `results_deleted_at` integer;--> statement-breakpoint
CREATE INDEX `inferences_by_dataset` ON `inferences` (`dataset_id`);