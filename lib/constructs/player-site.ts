import { join } from 'node:path';
import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Function as EdgeFunction, FunctionCode, FunctionRuntime } from 'aws-cdk-lib/aws-cloudfront';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket } from 'aws-cdk-lib/aws-s3';
import { BucketDeployment, CacheControl, Source } from 'aws-cdk-lib/aws-s3-deployment';
import { Construct } from 'constructs';
import { acknowledgeBucketDeployment } from './acknowledge-cdk-providers.ts';

export interface PlayerSiteProps {
  /** The built player: index.html and the folder `player`. */
  readonly sitePath: string;
  /** CloudFront Function that answers every watch and embed page with index.html. */
  readonly pagesFunctionPath: string;
}

/** The watch and embed pages in a private bucket, for CloudFront to read. */
export class PlayerSite extends Construct {
  readonly bucket: IBucket;
  readonly pagesFunction: EdgeFunction;

  constructor(scope: Construct, id: string, { sitePath, pagesFunctionPath }: PlayerSiteProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      // Every deployment fills it again.
      removalPolicy: RemovalPolicy.DESTROY,
      autoDeleteObjects: true,
      // The CDK's own types of optional members are looser than this project's.
    }) as IBucket;
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: "Only CloudFront reads the bucket, and CloudFront's access logs have every request.",
    });
    this.pagesFunction = new EdgeFunction(this, 'Pages', {
      code: FunctionCode.fromFile({ filePath: pagesFunctionPath }),
      runtime: FunctionRuntime.JS_2_0,
      comment: 'Headend: /watch and /embed are one page',
    });
    this.#deploy(sitePath);
  }

  /** Names with a hash may be kept for ever. The page names them, so it comes last and is asked for each time. */
  #deploy(sitePath: string): void {
    const logGroup = new LogGroup(this, 'Log', {
      retention: RetentionDays.ONE_WEEK,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const assets = new BucketDeployment(this, 'Assets', {
      destinationBucket: this.bucket,
      destinationKeyPrefix: 'player',
      sources: [Source.asset(join(sitePath, 'player'), { exclude: ['icon.svg'] })],
      cacheControl: [CacheControl.fromString('public, max-age=31536000, immutable')],
      // A page that is open goes on loading the assets it was made with.
      prune: false,
      logGroup,
    });
    const page = new BucketDeployment(this, 'Page', {
      destinationBucket: this.bucket,
      sources: [Source.asset(sitePath, { exclude: ['player/*', '!player/icon.svg'] })],
      cacheControl: [CacheControl.fromString('no-cache')],
      prune: false,
      logGroup,
    });
    page.node.addDependency(assets);
    acknowledgeBucketDeployment(this, this.bucket.bucketArn);
  }
}
