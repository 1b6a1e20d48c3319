import { join } from 'node:path';
import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Function as EdgeFunction, FunctionCode, FunctionRuntime } from 'aws-cdk-lib/aws-cloudfront';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket } from 'aws-cdk-lib/aws-s3';
import { BucketDeployment, CacheControl, Source } from 'aws-cdk-lib/aws-s3-deployment';
import { Construct } from 'constructs';
import { acknowledgeBucketDeployment } from './cdk-nag-findings.ts';
import { makeLogGroup } from './stage-retention.ts';

export interface StaticSiteProps {
  /** The folder with the built site: its pages and the folder `assets`. */
  readonly sitePath: string;
  /** The CloudFront Function that serves watch.html as every watch and embed page. */
  readonly pagesFunctionPath: string;
}

/** The watch and embed pages, in a private bucket that CloudFront reads. */
export class StaticSite extends Construct {
  readonly bucket: IBucket;
  readonly pagesFunction: EdgeFunction;

  constructor(scope: Construct, id: string, { sitePath, pagesFunctionPath }: StaticSiteProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      // Every deployment fills the bucket again.
      removalPolicy: RemovalPolicy.DESTROY,
      autoDeleteObjects: true,
      // The CDK's types allow undefined in optional members; this project's compiler options don't.
    }) as IBucket;
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: "Only CloudFront reads the bucket, and CloudFront's access logs contain every request.",
    });
    this.pagesFunction = new EdgeFunction(this, 'Pages', {
      code: FunctionCode.fromFile({ filePath: pagesFunctionPath }),
      runtime: FunctionRuntime.JS_2_0,
      comment: 'Headend: /watch and /embed are one page',
    });
    this.#deploy(sitePath);
  }

  /**
   * Assets have a hash in their names, so caches may keep them for ever. The page names the assets, so it is deployed
   * after them and always revalidated.
   */
  #deploy(sitePath: string): void {
    const logGroup = makeLogGroup(this, 'Log', RetentionDays.ONE_WEEK);
    const assets = new BucketDeployment(this, 'Assets', {
      destinationBucket: this.bucket,
      destinationKeyPrefix: 'assets',
      sources: [Source.asset(join(sitePath, 'assets'), { exclude: ['icon.svg'] })],
      cacheControl: [CacheControl.fromString('public, max-age=31536000, immutable')],
      // Pages that are already open still load the assets of their own version.
      prune: false,
      logGroup,
    });
    const page = new BucketDeployment(this, 'Page', {
      destinationBucket: this.bucket,
      sources: [Source.asset(sitePath, { exclude: ['assets/*', '!assets/icon.svg'] })],
      cacheControl: [CacheControl.fromString('no-cache')],
      prune: false,
      logGroup,
    });
    page.node.addDependency(assets);
    acknowledgeBucketDeployment(this, this.bucket.bucketArn);
  }
}
