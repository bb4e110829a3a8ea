"""CAUCE_KAFKA says how to speak to the brokers; what it holds of passwords shows nowhere."""

import pytest

from eventstore.kafka_address import KafkaAddress, read
from schemas.errors import SettingsError


def test_host_and_port_alone_are_plain():
    assert read("one:9092, two:9092") == KafkaAddress("one:9092,two:9092")
    assert read("one:9092").protocol == "PLAINTEXT"


def test_a_url_says_encryption_name_and_certificates():
    found = read("sasl_ssl://cauce:p%40ss@one:9093,two:9093?ca=/etc/ca.pem&mechanism=PLAIN")
    assert found == KafkaAddress("one:9093,two:9093", True, "cauce", "p@ss", "PLAIN", "/etc/ca.pem")
    assert found.protocol == "SASL_SSL"
    assert read("sasl_plaintext://a:b@one:1").mechanism == "SCRAM-SHA-512"
    mutual = read("ssl://one:9093?ca=/ca.pem&cert=/cert.pem&key=/key.pem")
    assert (mutual.protocol, mutual.cert, mutual.key) == ("SSL", "/cert.pem", "/key.pem")


def test_a_password_is_in_no_text_made_of_it():
    assert "s3cret" not in repr(read("sasl_ssl://cauce:s3cret@one:9093"))


@pytest.mark.parametrize(
    "text",
    [
        "one",
        "one:ninety",
        "one:9092,",
        "kafka://one:9092",
        "ssl://cauce:s3cret@one:9092",
        "sasl_ssl://one:9092",
        "sasl_ssl://cauce@one:9092",
        "sasl_ssl://cauce:s3cret@one:9092?mechanism=GSSAPI",
        "ssl://one:9092?verify=no",
        "sasl_plaintext://cauce:s3cret@one:9092?ca=/ca.pem",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(text):
    with pytest.raises(SettingsError) as refused:
        read(text)
    assert "s3cret" not in str(refused.value)


def test_a_certificate_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match="file"):
        read(f"ssl://one:9092?ca={tmp_path}/none.pem").tls()
