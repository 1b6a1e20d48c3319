/** TCP ports of a deployment. */
export const PORTS = {
  /** RTMP, at the load balancer and in the task. */
  rtmp: 1935,
  /** RTMPS at the load balancer, which ends TLS: 443 passes the firewalls that broadcasters sit behind. */
  rtmps: 443,
  /** The origin in the task. */
  originTask: 8080,
  /** The origin's private load balancer. CloudFront reaches it inside the VPC, unencrypted as inside any VPC. */
  originBalancer: 80,
} as const;

/** Path of the origin's health check: 200 says alive, never how full it is. */
export const HEALTH_PATH = '/health';

/** Application name in RTMP addresses: `rtmp://HOST/live`. */
export const RTMP_APPLICATION = 'live';
