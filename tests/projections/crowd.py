"""Finished rows of a long history, made by the database itself: for plans and figures, where folding would take hours.

What is over outnumbers what goes on a hundred to one, as in a hub of some years. Some of it is only long ago:
whoever looks from the newest on finds it last. An incident's lines come over a day, so they lie among those of others.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import UUID

from eventstore.database import Database
from projections import schema
from projections.registry import ALL
from projections.rows import settle_all
from projections.timeline import TIMELINE

EACH = 5  # interactions an incident
GOING_ON = 100  # one incident in so many isn't closed
PER_CUSTOMER = 3
ONLY_LONG_AGO = 20
"""So many of the oldest incidents came `in_person`, and are `marta`'s."""
ROBOTS_SHARE = 50
"""One incident in so many is the robot's."""
LEGAL_SHARE = 40
"""One incident in so many is the team `legal`'s."""
LARGE = 22
"""One customer in so many is the largest company's."""
ROBOT = "00000000-0000-4000-8000-000000000001"
SPAN = timedelta(minutes=1)
"""Between the last lines of two incidents; the highest number is the newest."""
PAUSE = timedelta(hours=6)
"""Between two lines of an incident."""
EVERYWHERE = "gracias"
"""A word of every message."""
COMMON = "impresora"
"""A word of every hundredth message, in one incident of twenty."""
OFTEN = "atasco"
"""A word of every fiftieth message, in one incident of twenty."""

_WORDS = "monitor instalación licencia factura error pantalla driver backup contraseña módulo servidor teclado"

_CUSTOMERS = """
INSERT INTO customers SELECT md5('c' || n)::uuid, n, 'es', 'Ana ' || n, md5('a' || n)::uuid, now(), NULL
FROM generate_series(0, %(customers)s) n;
INSERT INTO customers VALUES ('{robot}', -1, 'es', 'Robot', '{robot}', now(), NULL);
INSERT INTO customer_addresses SELECT md5('c' || n)::uuid, md5('a' || n)::uuid, n, true,
  'email:p' || n || '@x.cu', 'Ana' FROM generate_series(0, %(customers)s) n;
"""

_ORGANIZATIONS = """
INSERT INTO organizations SELECT md5('o' || n)::uuid, n, 'Empresa ' || n, 'empresa ' || n || ' e' || n || '.cu',
  ARRAY['e' || n || '.cu'], '{{}}', '', NULL, now(), false, 1 FROM generate_series(1, %(customers)s / 5) n;
INSERT INTO organization_members SELECT md5('c' || n)::uuid,
  CASE WHEN n %% {large} = 0 THEN md5('o1') ELSE md5('o' || 2 + n %% (%(customers)s / 5 - 1)) END::uuid, n
FROM generate_series(0, %(customers)s) n;
"""
"""The first one is large; the others have a few people each."""

_INCIDENTS = """
INSERT INTO incidents (id, number, subject, status, priority, channel, channels, links, customer, address, proven,
  assignee, team, tags, language, product, opened_at, updated_at, first_response_at, resolved_at, closed_at, solution,
  cause, resolution_address, merged_into, spoke_at, snoozed, paused_seconds, version, family_status, family_updated_at)
SELECT md5('i' || n)::uuid, n, 'La impresora ' || n,
  CASE WHEN n %% {going_on} = 33 THEN (ARRAY['new', 'open', 'waiting'])[1 + n / {going_on} %% 3] ELSE 'closed' END,
  'normal', channel, ARRAY[channel], '{{}}',
  CASE WHEN n %% {robots} = 0 THEN '{robot}' ELSE md5('c' || n / {per_customer})::uuid END,
  md5('a' || n / {per_customer})::uuid, true,
  CASE WHEN n <= {long_ago} THEN 'marta' ELSE (ARRAY['ana', 'luis', NULL])[1 + n %% 3] END,
  CASE WHEN n %% {legal} = 0 THEN 'legal' END, '{{}}', 'es', '',
  at - %(pause)s * ({each} - 1), at, NULL, NULL, NULL, '', '', NULL,
  CASE WHEN n %% 100 = 1 AND n > 1 THEN md5('i' || n - 1)::uuid END, at, false, 0, 3,
  CASE WHEN n %% 100 = 0 THEN 'closed' END, CASE WHEN n %% 100 = 0 THEN at END
FROM generate_series(1, %(count)s) n, LATERAL (SELECT now() - (%(count)s - n) * %(span)s AS at,
  CASE WHEN n <= {long_ago} THEN 'in_person' ELSE (ARRAY['form', 'email', 'chat'])[1 + n %% 3] END
  AS channel) AS told;
"""

_TIMELINE = """
INSERT INTO timeline_incidents SELECT id, number, customer, merged_into FROM incidents;
INSERT INTO timeline_customers SELECT id, NULL FROM customers;
INSERT INTO entries (id, position, kind, occurred_at, recorded_at, incident, thread, channel, direction, address,
  sender, sender_name, recipients, subject, text, html, raw, attachments, author, fact, reason, delivery,
  labels, details, checks, returned, complained)
SELECT md5('e' || position)::uuid, position, 'interaction', at, at, md5('i' || n)::uuid, md5('t' || n)::uuid, 'email',
  CASE WHEN line %% 2 = 0 THEN 'in' ELSE 'out' END, md5('a' || n / {per_customer})::uuid, 'email:p@x.cu', 'Ana', '{{}}',
  'Una consulta', (string_to_array('{words}', ' '))[1 + position %% 12] || ' ' || n
  || CASE WHEN n %% 20 = 7 AND line = 2 THEN ' {common}' ELSE '' END
  || CASE WHEN n %% 20 = 9 AND line > 2 THEN ' {often}' ELSE '' END
  || ' no funciona desde ayer por la tarde, {everywhere}', '', '', '[]', NULL, 'InteractionLinked', 'new', NULL,
  '{{}}', '{{}}', '{{}}', '', false
FROM (SELECT n, line, at, row_number() OVER (ORDER BY at, n) AS position
  FROM generate_series(1, %(count)s) n, generate_series(0, {each} - 1) line,
  LATERAL (SELECT now() - (%(count)s - n) * %(span)s - %(pause)s * ({each} - 1 - line) AS at) AS told) AS lines
ORDER BY position;
"""

_OTHERS = """
INSERT INTO calls (id, interaction, position, incident, state, direction, line, address, phone, agent, started_at,
  held_seconds, rings, notes, outcome, same, reported_line)
SELECT md5('p' || n)::uuid, md5('l' || n)::uuid, n, md5('i' || n)::uuid,
  CASE WHEN n <= 3 THEN 'active' ELSE 'ended' END, 'in', 'main', md5('a' || n)::uuid, 'phone:+53' || n, 'ana',
  now() - n * %(span)s, 0, '{{}}', '', '', '', ''
FROM generate_series(1, %(count)s / 5) n;
INSERT INTO chats (id, position, incident, address, state, agent, team, site, language, name, words, email,
  requested_at, reason, by_mail)
SELECT md5('h' || n)::uuid, n, md5('i' || n)::uuid, md5('a' || n)::uuid,
  CASE WHEN n <= 3 THEN 'missed' ELSE 'closed' END,
  CASE WHEN n <= {long_ago} THEN 'marta' ELSE 'ana' END, '', '', 'es', '', '', '', now(), '', false
FROM generate_series(1, %(count)s / 5) n;
INSERT INTO callbacks (id, position, incident, address, name, phone, text, since, until, time_zone, language,
  requested_at, state, agent, reason)
SELECT md5('b' || n)::uuid, n, md5('i' || n)::uuid, md5('a' || n)::uuid, '', '', '', now(), now(), 'UTC', 'es', now(),
  CASE WHEN n <= 3 THEN 'cancelled' ELSE 'done' END, 'ana', '' FROM generate_series(1, %(count)s / 5) n;
INSERT INTO report_incidents SELECT id, channel, opened_at, opened_at, 60, NULL, NULL, merged_into FROM incidents;
INSERT INTO report_quarters SELECT now() - n * interval '15 minutes', 'email', 1, 1, 1
FROM generate_series(1, %(count)s / 15) n;
INSERT INTO usage_visits SELECT md5('v' || n)::uuid, at, date_bin('15 minutes', at, '2000-01-01Z'), at, 'help_centre',
  'es', '', true, CASE WHEN n %% 50 = 0 THEN 3 END, CASE WHEN n %% 50 = 0 THEN 'contact' ELSE 'left' END,
  jsonb_build_array(jsonb_build_object('did', 'opened', 'article', md5('k' || n %% 300), 'at', at, 'seconds', 0))
FROM generate_series(1, %(count)s) n, LATERAL (SELECT now() - n * %(span)s AS at) AS told;
INSERT INTO usage_counted SELECT visit, began, quarter, surface, language, product, 1, 1, contact, contact, 0, 0, 1,
  (n %% 20 = 0)::int, 1, 0, 0, (n %% 30 = 0)::int, (n %% 90 = 0)::int, (n %% 60 = 0)::int, (n %% 40 = 0)::int,
  (n %% 200 = 0)::int
FROM generate_series(1, %(count)s) n JOIN usage_visits ON visit = md5('v' || n)::uuid,
  LATERAL (SELECT (n %% 50 = 0)::int AS contact) AS told;
INSERT INTO usage_reads SELECT md5('k' || n %% 300)::uuid, visit, began, (began AT TIME ZONE 'UTC')::date, surface, 1,
  1, helpful, unhelpful, suggested, suggestion_opened, contacts, 0, 0, downloads
FROM generate_series(1, %(count)s) n JOIN usage_counted ON visit = md5('v' || n)::uuid;
INSERT INTO usage_searches SELECT visit, 1, began, (began AT TIME ZONE 'UTC')::date, surface, language, product,
  'p' || n %% 500 || CASE WHEN n %% 3 = 0 THEN ' x3' ELSE '' END, n %% 20,
  ARRAY[md5('k' || n %% 300)::uuid, md5('k1')::uuid], 'left', NULL
FROM generate_series(1, %(count)s) n JOIN usage_visits ON visit = md5('v' || n)::uuid;
INSERT INTO usage_visit_counts SELECT quarter, surface, language, product, count(*), count(*),
  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 FROM usage_visits GROUP BY quarter, surface, language, product;
INSERT INTO usage_article_counts SELECT day, article, surface, count(*), count(*), 1, 0, 0, 0, 0, 0, 0, 0, 1
FROM usage_reads GROUP BY day, article, surface;
INSERT INTO usage_word_counts SELECT day, phrase, surface, language, product, count(*),
  count(*) FILTER (WHERE found = 0), 0, 0, 0, 0 FROM usage_searches GROUP BY day, phrase, surface, language, product;
INSERT INTO usage_links SELECT md5('k7')::uuid, id, true, opened_at FROM incidents WHERE number %% 4 = 0;
INSERT INTO usage_articles SELECT md5('k' || n)::uuid, 'es', '', n FROM generate_series(1, 300) n;
INSERT INTO quarantine (id, channel, topic, received_at, reason, error, raw, state)
  SELECT md5('q' || n)::uuid, 'email', 'mail', now() - n * %(span)s, 'undecodable', '', '',
  CASE WHEN n > %(count)s / 10 - 3 THEN 'held' ELSE 'discarded' END FROM generate_series(1, %(count)s / 10) n;
INSERT INTO deliveries (interaction, kind, address, state, epoch, next_attempt_at)
  SELECT md5('e' || n)::uuid, 'reply', md5('a' || n)::uuid, CASE WHEN n <= 3 THEN 'queued' ELSE 'sent' END, epoch,
  now() - n * %(span)s FROM generate_series(1, %(count)s) n, hub;
"""


def organization(number: int) -> UUID:
    """The id of a company by its number."""
    return UUID(hashlib.md5(f"o{number}".encode(), usedforsecurity=False).hexdigest())


def article(number: int) -> UUID:
    """The id of an article by its number."""
    return UUID(hashlib.md5(f"k{number}".encode(), usedforsecurity=False).hexdigest())


def fill(database: Database, interactions: int) -> None:
    """Every read model's rows of so many interactions, with their indexes; and what lies beside them."""
    count = interactions // EACH
    values = {
        "count": count,
        "interactions": interactions,
        "customers": count // PER_CUSTOMER,
        "span": SPAN,
        "pause": PAUSE,
    }
    with database.dedicated() as connection, connection.transaction():
        connection.execute("SET LOCAL statement_timeout = 0")
        connection.execute("SET LOCAL synchronous_commit = off")
        for projection in ALL:
            schema.create(connection, projection, projection.name, "live")
        for part in (_CUSTOMERS, _ORGANIZATIONS, _INCIDENTS, _TIMELINE, _OTHERS):
            statements = part.format(
                robot=ROBOT,
                going_on=GOING_ON,
                robots=ROBOTS_SHARE,
                large=LARGE,
                per_customer=PER_CUSTOMER,
                long_ago=ONLY_LONG_AGO,
                legal=LEGAL_SHARE,
                each=EACH,
                words=_WORDS,
                common=COMMON,
                often=OFTEN,
                everywhere=EVERYWHERE,
            )
            for statement in filter(str.strip, statements.split(";\n")):
                connection.execute(statement.encode(), values)
        for projection in ALL:
            schema.create_indexes(connection, projection, projection.name)
        settle_all(connection, TIMELINE)
    with database.dedicated() as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute("VACUUM (ANALYZE)")
