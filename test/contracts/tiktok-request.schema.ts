/**
 * JSON Schema of the body of `POST /open_api/v1.3/event/track/`, web events, as TikTok documents it: written from the documentation, not
 * from our code. Stricter than it where we promise more: nothing unknown, nothing empty, nothing repeated, no mail address in a URL.
 * @see https://business-api.tiktok.com/portal/docs (Events API 2.0), read 2026-11-21
 */
export const TIKTOK_REQUEST_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['event_source', 'event_source_id', 'data'],
  additionalProperties: false,
  properties: {
    event_source: {
      enum: ['web', 'offline', 'crm', 'app'],
    },
    event_source_id: {
      $ref: '#/$defs/text',
    },
    test_event_code: {
      $ref: '#/$defs/text',
    },
    data: {
      type: 'array',
      minItems: 1,
      maxItems: 1000,
      items: {
        $ref: '#/$defs/event',
      },
    },
  },
  $defs: {
    text: {
      type: 'string',
      minLength: 1,
      pattern: '\\S',
    },
    hash: {
      type: 'string',
      pattern: '^[0-9a-f]{64}$',
    },
    hashes: {
      anyOf: [
        {
          $ref: '#/$defs/hash',
        },
        {
          type: 'array',
          minItems: 1,
          uniqueItems: true,
          items: {
            $ref: '#/$defs/hash',
          },
        },
      ],
    },
    place: {
      type: 'string',
      minLength: 1,
      pattern: '^[^\\sA-ZÀ-ÖØ-ÞΑ-ΩА-Я@]+$',
    },
    url: {
      type: 'string',
      pattern: '^https?://[^\\s/]+',
      not: {
        pattern: '@|%40',
      },
    },
    event: {
      type: 'object',
      required: ['event', 'event_time', 'event_id'],
      additionalProperties: false,
      properties: {
        event: {
          $ref: '#/$defs/text',
          not: {
            enum: ['CompletePayment', 'SubmitForm', 'ClickButton', 'PlaceAnOrder', 'PageView', 'purchase'],
          },
        },
        event_time: {
          type: 'integer',
          minimum: 1000000000,
          maximum: 99999999999,
        },
        event_id: {
          $ref: '#/$defs/text',
        },
        user: {
          $ref: '#/$defs/user',
        },
        page: {
          type: 'object',
          required: ['url'],
          additionalProperties: false,
          properties: {
            url: {
              $ref: '#/$defs/url',
            },
            referrer: {
              $ref: '#/$defs/url',
            },
          },
        },
        properties: {
          $ref: '#/$defs/properties',
        },
        limited_data_use: {
          type: 'boolean',
        },
      },
      allOf: [
        {
          anyOf: [
            {
              required: ['properties'],
              properties: {
                properties: {
                  required: ['contents', 'content_type', 'order_id'],
                  properties: { contents: { items: { required: ['quantity'] } } },
                },
              },
            },
            { properties: { event: { not: { const: 'Purchase' } } } },
          ],
        },
        {
          anyOf: [
            { required: ['properties'], properties: { properties: { required: ['contents', 'content_type'] } } },
            { properties: { event: { not: { enum: ['ViewContent', 'AddToCart', 'InitiateCheckout'] } } } },
          ],
        },
        {
          anyOf: [
            { properties: { properties: { properties: { contents: { items: { required: ['quantity'] } } } } } },
            { properties: { event: { not: { const: 'AddToCart' } } } },
          ],
        },
        {
          anyOf: [
            { required: ['properties'], properties: { properties: { required: ['search_string'] } } },
            { properties: { event: { not: { const: 'Search' } } } },
          ],
        },
      ],
    },
    user: {
      type: 'object',
      minProperties: 1,
      additionalProperties: false,
      properties: {
        email: {
          $ref: '#/$defs/hashes',
        },
        phone: {
          $ref: '#/$defs/hashes',
        },
        external_id: {
          $ref: '#/$defs/hashes',
        },
        first_name: {
          $ref: '#/$defs/hash',
        },
        last_name: {
          $ref: '#/$defs/hash',
        },
        zip_code: {
          $ref: '#/$defs/hash',
        },
        city: {
          $ref: '#/$defs/place',
        },
        state: {
          $ref: '#/$defs/place',
        },
        country: {
          $ref: '#/$defs/place',
        },
        ttclid: {
          $ref: '#/$defs/text',
        },
        ttp: {
          $ref: '#/$defs/text',
        },
        ip: {
          type: 'string',
          pattern: '^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9a-fA-F:]+(:[0-9.]+)?)$',
        },
        user_agent: {
          $ref: '#/$defs/text',
        },
        locale: {
          type: 'string',
          pattern: '^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$',
        },
      },
    },
    properties: {
      type: 'object',
      minProperties: 1,
      additionalProperties: false,
      dependentRequired: {
        value: ['currency'],
        currency: ['value'],
        contents: ['content_type'],
      },
      properties: {
        value: {
          type: 'number',
          minimum: 0,
        },
        currency: {
          $ref: '#/$defs/currency',
        },
        contents: {
          type: 'array',
          minItems: 1,
          items: {
            $ref: '#/$defs/content',
          },
        },
        content_type: {
          enum: ['product', 'product_group'],
        },
        content_ids: {
          type: 'array',
          minItems: 1,
          items: {
            $ref: '#/$defs/text',
          },
        },
        num_items: {
          type: 'integer',
          minimum: 1,
        },
        order_id: {
          $ref: '#/$defs/text',
        },
        shop_id: {
          $ref: '#/$defs/text',
        },
        search_string: {
          $ref: '#/$defs/text',
        },
        description: {
          $ref: '#/$defs/text',
        },
      },
    },
    content: {
      type: 'object',
      required: ['content_id'],
      additionalProperties: false,
      properties: {
        content_id: {
          $ref: '#/$defs/text',
        },
        content_name: {
          $ref: '#/$defs/text',
        },
        content_category: {
          $ref: '#/$defs/text',
        },
        brand: {
          $ref: '#/$defs/text',
        },
        price: {
          type: 'number',
          minimum: 0,
        },
        quantity: {
          type: 'integer',
          minimum: 1,
        },
      },
    },
    currency: {
      enum: [
        'AED',
        'ARS',
        'AUD',
        'BDT',
        'BHD',
        'BIF',
        'BOB',
        'BRL',
        'CAD',
        'CHF',
        'CLP',
        'CNY',
        'COP',
        'CRC',
        'CZK',
        'DKK',
        'DZD',
        'EGP',
        'EUR',
        'GBP',
        'GTQ',
        'HKD',
        'HNL',
        'HUF',
        'IDR',
        'ILS',
        'INR',
        'ISK',
        'JPY',
        'KES',
        'KHR',
        'KRW',
        'KWD',
        'KZT',
        'MAD',
        'MOP',
        'MXN',
        'MYR',
        'NGN',
        'NIO',
        'NOK',
        'NZD',
        'OMR',
        'PEN',
        'PHP',
        'PKR',
        'PLN',
        'PYG',
        'QAR',
        'RON',
        'RUB',
        'SAR',
        'SEK',
        'SGD',
        'THB',
        'TRY',
        'TWD',
        'UAH',
        'USD',
        'VES',
        'VND',
        'ZAR',
      ],
    },
  },
} as const;
