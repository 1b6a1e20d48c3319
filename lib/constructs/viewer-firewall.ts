import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';

export type ViewerFirewallProps = Pick<ResolvedStage, 'name' | 'wafViewsPerFiveMinutes'>;

/** Requests to /api from one address. An admin's scripts stay below it. */
const API_REQUESTS_PER_FIVE_MINUTES = 1_000;

/**
 * None of our paths has one of these. CloudFront decodes and normalises a path before it matches it with a behavior, but other
 * than AWS WAF's transformations do: it leaves escaped slashes, and does not merge slashes (RFC 3986). So a path with one of
 * these could be media for the firewall and a call of the API for CloudFront. Without them, all see the path as it was sent.
 */
const ODD = ['%', '//', '/.'].map((text) => pathStatement('CONTAINS', text));
/** Calls of the API, and whatever may be one. */
const API: CfnWebACL.StatementProperty = { orStatement: { statements: [beginsWith('/api/'), ...ODD] } };
/** Below it are the same paths as without a token. */
const WITH_TOKEN = beginsWith('/t/');
const MEDIA = [beginsWith('/live/'), WITH_TOKEN];
const ASSETS = beginsWith('/assets/');

/**
 * An AWS WAF web ACL for CloudFront. Must be in us-east-1. Its rate rules count what people do, per address: calls of the
 * API, page loads, and starts of playback with a viewer token. They do not count media, because a single viewer makes
 * thousands of such requests, and many viewers share the address of an office.
 *
 * The firewall comes before the viewer-token function, so it can't know which tokens are refused. Guesses are hopeless
 * anyway: a token is signed with HMAC-SHA-256.
 */
export class ViewerFirewall extends Construct {
  readonly webAclArn: string;

  constructor(scope: Construct, id: string, { name, wafViewsPerFiveMinutes }: ViewerFirewallProps) {
    super(scope, id);
    const pages: CfnWebACL.StatementProperty = {
      andStatement: { statements: [API, ASSETS, ...MEDIA].map(not) },
    };
    const starts: CfnWebACL.StatementProperty = {
      andStatement: { statements: [WITH_TOKEN, endsWith('/master.m3u8'), not(API)] },
    };
    const webAcl = new CfnWebACL(this, 'WebAcl', {
      scope: 'CLOUDFRONT',
      description: `Headend ${name}`,
      defaultAction: { allow: {} },
      visibilityConfig: visibility('headend'),
      rules: [
        BAD_REPUTATION,
        rateRule({ name: 'api-rate', priority: 1, limit: API_REQUESTS_PER_FIVE_MINUTES, counted: API }),
        rateRule({ name: 'page-rate', priority: 2, limit: wafViewsPerFiveMinutes, counted: pages }),
        rateRule({ name: 'token-rate', priority: 3, limit: wafViewsPerFiveMinutes, counted: starts }),
      ],
    });
    this.webAclArn = webAcl.attrArn;
  }
}

/** Refuses addresses that AWS has seen in attacks. AWS keeps the list. */
const BAD_REPUTATION: CfnWebACL.RuleProperty = {
  name: 'bad-reputation',
  priority: 0,
  overrideAction: { none: {} },
  statement: {
    managedRuleGroupStatement: { vendorName: 'AWS', name: 'AWSManagedRulesAmazonIpReputationList' },
  },
  visibilityConfig: visibility('bad-reputation'),
};

interface RateRule {
  readonly name: string;
  readonly priority: number;
  readonly limit: number;
  /** Which requests count. */
  readonly counted: CfnWebACL.StatementProperty;
}

function rateRule({ name, priority, limit, counted }: RateRule): CfnWebACL.RuleProperty {
  return {
    name,
    priority,
    action: { block: { customResponse: { responseCode: 429 } } },
    statement: {
      rateBasedStatement: { limit, evaluationWindowSec: 300, aggregateKeyType: 'IP', scopeDownStatement: counted },
    },
    visibilityConfig: visibility(name),
  };
}

function beginsWith(prefix: string): CfnWebACL.StatementProperty {
  return pathStatement('STARTS_WITH', prefix);
}

function endsWith(suffix: string): CfnWebACL.StatementProperty {
  return pathStatement('ENDS_WITH', suffix);
}

function not(statement: CfnWebACL.StatementProperty): CfnWebACL.StatementProperty {
  return { notStatement: { statement } };
}

function pathStatement(positionalConstraint: string, searchString: string): CfnWebACL.StatementProperty {
  return {
    byteMatchStatement: {
      fieldToMatch: { uriPath: {} },
      positionalConstraint,
      searchString,
      textTransformations: [{ priority: 0, type: 'NONE' }],
    },
  };
}

function visibility(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return {
    cloudWatchMetricsEnabled: true,
    metricName,
    // Samples would store viewers' addresses and tokens.
    sampledRequestsEnabled: false,
  };
}
