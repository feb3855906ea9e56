ALTER TABLE `inference_items` ADD `energy_method` text;--> statement-breakpoint
ALTER TABLE `inference_videos` ADD `spacing_seconds` real;--> statement-breakpoint
ALTER TABLE `inference_videos` ADD `energy_method` text;