"""S3 as AWS answers it: buckets and their settings are ours, objects are moto's."""
