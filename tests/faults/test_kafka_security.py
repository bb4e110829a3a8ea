"""A broker that takes only encrypted connections of who signs in, as most that others run do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from uuid import uuid4

import pytest

from eventstore import local_kafka
from eventstore.kafka_log import KafkaLog
from eventstore.local_kafka import LocalKafka
from eventstore.log import NewRecord
from schemas.errors import LogUnavailableError
from schemas.topics import INTERACTIONS
from tests import certificates
from tests.certificates import Certificates
from tests.in_memory import new_folder
from tests.ports import own_port

pytestmark = [pytest.mark.xdist_group("kafka"), pytest.mark.timeout(180)]

_SECURED = """\
listeners=SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=SASL_SSL://127.0.0.1:{port}
listener.security.protocol.map=SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
 username="cauce" password="s3cret";
ssl.keystore.type=PEM
ssl.keystore.location={made.server}
ssl.truststore.type=PEM
ssl.truststore.location={made.authority}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Certificates:
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def secured(made: Certificates) -> Iterator[LocalKafka]:
    folder = new_folder("cauce-kafka-secured-")
    port, controller = own_port(), own_port()
    plain = local_kafka.properties(folder, port=port, voters={1: controller})
    kept = [line for line in plain.splitlines() if line.partition("=")[0] not in _names(_SECURED)]
    (folder / "server.properties").write_text(
        "\n".join(kept) + "\n" + _SECURED.format(port=port, controller=controller, made=made)
    )
    user = "SCRAM-SHA-512=[name=cauce,password=s3cret]"
    broker = LocalKafka(folder, heap="256m", format_options=("--add-scram", user))
    broker.start()
    yield broker
    broker.stop()
    shutil.rmtree(folder, ignore_errors=True)


def _names(properties: str) -> set[str]:
    return {line.partition("=")[0] for line in properties.splitlines()}


async def test_records_go_through_encrypted_and_signed_in(
    secured, made, kafka_prefix, database, handled, running, until
):
    log = KafkaLog(f"sasl_ssl://cauce:s3cret@{secured.bootstrap}?ca={made.authority}", kafka_prefix, database)
    records = [NewRecord(uuid4(), b"key", b"%d" % number) for number in range(20)]
    await log.append(INTERACTIONS, records)
    running(log.consume(INTERACTIONS, "reader", handled))
    await until(lambda: handled.ids == [record.id for record in records])
    assert [record.id async for page in log.scan(INTERACTIONS) for record in page] == handled.ids
    assert await log.lag(INTERACTIONS, "reader") == 0
    await log.check()
    await log.close()


@pytest.mark.parametrize(
    "address",
    [
        "{servers}",
        "ssl://{servers}?ca={ca}",
        "sasl_ssl://cauce:wrong@{servers}?ca={ca}",
        "sasl_ssl://cauce:s3cret@{servers}",  # an authority the system does not know
    ],
)
async def test_who_does_not_sign_in_or_trust_the_broker_is_told_and_nothing_is_taken(
    secured, made, kafka_prefix, database, address
):
    log = KafkaLog(address.format(servers=secured.bootstrap, ca=made.authority), kafka_prefix, database)
    with pytest.raises(LogUnavailableError) as refused:
        await log.append(INTERACTIONS, [NewRecord(uuid4(), b"key", b"value")])
    assert "wrong" not in str(refused.value)
    await log.close()
