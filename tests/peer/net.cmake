aiot_test(peer_net SOURCES net_pyserial.cpp net_ser2net.cpp net_tls.cpp LINKS aiot_net LABELS peer)
