/**
 * Regions where CloudFront reaches private load balancers (CloudFront developer guide, "Restrict access with VPC
 * origins") and Fargate runs ARM64 tasks. The partitions of China and GovCloud have no VPC origins.
 */
export const REGIONS: readonly string[] = [
  'af-south-1',
  'ap-east-1',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-south-2',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-southeast-3',
  'ap-southeast-4',
  'ca-central-1',
  'ca-west-1',
  'eu-central-1',
  'eu-central-2',
  'eu-north-1',
  'eu-south-1',
  'eu-south-2',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'il-central-1',
  'me-central-1',
  'me-south-1',
  'sa-east-1',
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
];

/** The region of CloudFront's certificates, firewall, metrics and log delivery, wherever the stage is. */
export const CLOUDFRONT_REGION = 'us-east-1';

/** Regions with Origin Shield (CloudFront developer guide, "Use Amazon CloudFront Origin Shield"). */
export const ORIGIN_SHIELD_REGIONS: readonly string[] = [
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'eu-central-1',
  'eu-west-1',
  'eu-west-2',
  'sa-east-1',
  'us-east-1',
  'us-east-2',
  'us-west-2',
];
