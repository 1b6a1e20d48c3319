/**
 * Availability zones, by id, that lack a service that a stage needs there, and the service. Zone names such as us-east-1a
 * mean another zone in each account; ids mean the same one everywhere.
 *
 * Sources: CloudFront developer guide, "Restrict access with VPC origins", supported regions; ECS developer guide,
 * "Supported Regions for Amazon ECS on AWS Fargate", Linux containers. Both read in 2026.
 */
export const UNSUITABLE_ZONES: Readonly<Record<string, string>> = {
  'use1-az3': 'CloudFront VPC origins',
  'usw1-az2': 'CloudFront VPC origins and Fargate',
  'apne1-az3': 'CloudFront VPC origins and Fargate',
  'cac1-az3': 'CloudFront VPC origins',
};
