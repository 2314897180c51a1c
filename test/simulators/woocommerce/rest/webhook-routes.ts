import { isJsonObject, type Json, type JsonObject } from '../json/json.ts';
import { linkTo } from '../json/links.ts';
import { webhookJson } from '../json/webhook-json.ts';
import type { Ground } from '../shop/ground.ts';
import { isTopic } from '../webhooks/topics.ts';
import type { WebhookChange, WebhookRegistry, WebhookStatus } from '../webhooks/webhook-registry.ts';
import { invalidId, ok, refuse, type Reply } from './answer.ts';
import { inOrder, listReply, pageOf, readListQuery } from './list-query.ts';
import { idOf, list, view, type Call, type Route } from './route.ts';

const STATUSES: ReadonlySet<string> = new Set(['active', 'paused', 'disabled']);
const MAX_BATCH = 100;

const textOf = (value: Json | undefined): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const isWebAddress = (text: string): boolean => /^https?:\/\/./i.test(text) && URL.canParse(text);

const INVALID_URL = refuse(
  'woocommerce_rest_shop_webhook_invalid_delivery_url',
  'Webhook delivery URL must be a valid URL starting with http:// or https://.',
  400,
);

/** Webhooks by REST, one at a time and in batches. Nothing keeps anybody from creating the same one twice. */
export class WebhookRoutes {
  readonly #ground: Ground;
  readonly #registry: WebhookRegistry;

  constructor(ground: Ground, registry: WebhookRegistry) {
    this.#ground = ground;
    this.#registry = registry;
  }

  routes(): readonly Route[] {
    return [
      {
        pattern: /^webhooks$/,
        methods: { GET: list((call) => this.#list(call)), POST: { act: 'create', answer: (call) => this.#create(call) } },
      },
      { pattern: /^webhooks\/batch$/, methods: { POST: { act: 'create', answer: (call) => this.#batch(call) } } },
      {
        pattern: /^webhooks\/(\d+)$/,
        methods: {
          GET: view((call) => this.#single(call)),
          PUT: { act: 'edit', answer: (call) => this.#update(call) },
          POST: { act: 'edit', answer: (call) => this.#update(call) },
          DELETE: { act: 'delete', answer: (call) => this.#delete(call) },
        },
      },
    ];
  }

  #list(call: Call): Reply {
    const { parameters, view: seen } = call;
    const query = readListQuery(parameters, { orderBy: ['date', 'id', 'title'], defaultOrderBy: 'date' });
    if ('status' in query) return query;
    const status = parameters.get('status') ?? 'all';
    const rows = this.#registry
      .all()
      .filter((webhook) => status === 'all' || webhook.status === status)
      .map((webhook) => ({ ...webhook, modifiedAt: webhook.modifiedAt ?? webhook.createdAt, webhook }));
    const page = pageOf(inOrder(rows, query), query, false);
    const json = page.rows.map(({ webhook }) => webhookJson(this.#ground, webhook, seen.origin));
    return listReply(json, page.total, query, linkTo(this.#ground, seen.origin, 'webhooks'), [...parameters]);
  }

  #single(call: Call): Reply {
    const webhook = this.#registry.find(idOf(call));
    return webhook === undefined ? UNKNOWN : ok(webhookJson(this.#ground, webhook, call.view.origin));
  }

  #create({ body, view: { origin }, key }: Call): Reply {
    const topic = textOf(body['topic'])?.toLowerCase();
    const deliveryUrl = textOf(body['delivery_url']);
    if (topic === undefined || !isTopic(topic, this.#ground.traits))
      return refuse('woocommerce_rest_shop_webhook_invalid_topic', 'Webhook topic is required and must be valid.', 400);
    if (deliveryUrl === undefined || !isWebAddress(deliveryUrl)) return INVALID_URL;
    const name = textOf(body['name']);
    const secret = textOf(body['secret']);
    const webhook = this.#registry.create({
      topic,
      deliveryUrl,
      userId: key?.userId ?? 1,
      ...(name === undefined ? {} : { name }),
      ...(secret === undefined ? {} : { secret }),
    });
    const location = linkTo(this.#ground, origin, `webhooks/${webhook.id}`);
    return { status: 201, headers: { location }, json: webhookJson(this.#ground, webhook, origin) };
  }

  #update(call: Call): Reply {
    const { body, view: seen } = call;
    if (this.#registry.find(idOf(call)) === undefined) return UNKNOWN;
    const change: WebhookChange = {};
    const topic = textOf(body['topic'])?.toLowerCase();
    const deliveryUrl = textOf(body['delivery_url']);
    const status = textOf(body['status'])?.toLowerCase();
    if (topic !== undefined && !isTopic(topic, this.#ground.traits))
      return refuse('woocommerce_rest_shop_webhook_invalid_topic', 'Webhook topic must be valid.', 400);
    if (deliveryUrl !== undefined && !isWebAddress(deliveryUrl)) return INVALID_URL;
    if (status !== undefined && !STATUSES.has(status))
      return refuse('woocommerce_rest_shop_webhook_invalid_status', 'Webhook status must be valid.', 400);
    const secret = textOf(body['secret']);
    const name = textOf(body['name']);
    if (topic !== undefined) change.topic = topic;
    if (deliveryUrl !== undefined) change.deliveryUrl = deliveryUrl;
    if (status !== undefined) change.status = status as WebhookStatus;
    if (secret !== undefined) change.secret = secret;
    if (name !== undefined) change.name = name;
    return ok(webhookJson(this.#ground, this.#registry.update(idOf(call), change), seen.origin));
  }

  #delete(call: Call): Reply {
    const force = call.parameters.get('force') ?? call.body['force'];
    const isForced = force === true || force === 1 || force === 'true' || force === '1';
    if (!isForced) return refuse('woocommerce_rest_trash_not_supported', 'Webhooks do not support trashing.', 501);
    const webhook = this.#registry.find(idOf(call));
    if (webhook === undefined) return invalidId('shop_webhook');
    this.#registry.delete(webhook.id);
    return ok(webhookJson(this.#ground, webhook, call.view.origin));
  }

  /** Always 200; what went wrong stands beside the item it went wrong with. */
  #batch(call: Call): Reply {
    const entries = (name: string): readonly Json[] => {
      const given = call.body[name];
      return Array.isArray(given) ? given : [];
    };
    const items = ['create', 'update', 'delete'].flatMap(entries);
    if (items.length > MAX_BATCH) {
      return refuse('woocommerce_rest_request_entity_too_large', `Unable to accept more than ${MAX_BATCH} items for this request.`, 413);
    }
    const answers: Record<string, Json> = {};
    const run = (name: string, act: (entry: Json) => { readonly id: number; readonly reply: Reply }): void => {
      if (call.body[name] === undefined) return;
      answers[name] = entries(name).map((entry) => {
        const { id, reply } = act(entry);
        return reply.status < 400 ? reply.json : { id, error: reply.json };
      });
    };
    run('create', (entry) => ({ id: 0, reply: this.#create({ ...call, body: asObject(entry) }) }));
    run('update', (entry) => {
      const body = asObject(entry);
      const id = Number(body['id']);
      return { id, reply: this.#update({ ...call, parts: [String(id)], body }) };
    });
    run('delete', (entry) => {
      const id = Number(entry);
      return { id, reply: this.#delete({ ...call, parts: [String(id)], body: { force: true } }) };
    });
    return ok(answers);
  }
}

const UNKNOWN = refuse('woocommerce_rest_shop_webhook_invalid_id', 'ID is invalid.', 400);
const asObject = (value: Json): JsonObject => (isJsonObject(value) ? value : {});
